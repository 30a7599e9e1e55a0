import type { DeployStep } from '../config/deploy-step.ts';
import { HarnessError } from '../core/error.ts';
import { tail, tryRun } from '../machine/process.ts';
import { helmEnvironment } from './helm-arguments.ts';
import { withHelm } from './with-helm.ts';
import type { ReleaseContext } from './release-context.ts';
import { newestRelease } from './release-record.ts';

/**
 * What an upgrade of a release would apply, and what the last one applied, both as YAML. Changes
 * nothing.
 * @throws HarnessError DEPLOY with Helm's words, TOOL_MISSING
 */
export async function renderRelease(
  step: Extract<DeployStep, { kind: 'helm' }>,
  context: ReleaseContext,
): Promise<{ before: string; after: string }> {
  const last = await newestRelease(context.kube, step.namespace, step.release);
  const after = await withHelm(step, context, async (argv, env) => {
    const dryRun: [string, ...string[]] = [...argv, '--dry-run=server', '--output', 'json'];
    const { exitCode, stdout, all } = await tryRun(dryRun, {
      cwd: context.root,
      env: { ...helmEnvironment(context.kubeconfig), ...env },
      timeout: step.timeout,
      code: 'DEPLOY',
      signal: context.signal,
    });
    if (exitCode === 0) return (JSON.parse(stdout) as { manifest?: string }).manifest ?? '';
    throw new HarnessError('DEPLOY', `Helm could not render release ${step.release}.`, {
      detail: tail(all),
      next: 'Correct the chart or its values, and try again.',
    });
  });
  return { before: last?.manifest ?? '', after };
}
