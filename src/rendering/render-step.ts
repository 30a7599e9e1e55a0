import type { DeployStep } from '../config/deploy-step.ts';
import { environmentName } from '../config/names.ts';
import { HarnessError } from '../core/error.ts';
import type { ManifestObject } from '../kubernetes/manifest.ts';
import { printable, tail, tryRun } from '../machine/process.ts';
import { readManifests } from '../manifests/read-manifests.ts';
import { requireKustomize } from './find-kustomize.ts';
import { overlayFiles } from './overlay-files.ts';
import { readOutput } from './read-output.ts';
import type { StepContext } from './step-context.ts';

type Step = Exclude<DeployStep, { kind: 'helm' }>;

/**
 * The objects that a step describes. Changes nothing in the cluster.
 * @throws HarnessError DEPLOY with the program's own words, TOOL_MISSING
 */
export async function renderStep(step: Step, context: StepContext): Promise<ManifestObject[]> {
  switch (step.kind) {
    case 'manifests':
      return readManifests(step.files, context.root);
    case 'kustomize':
      return renderOverlay(step, context);
    case 'command':
      return runCommand(step, context);
  }
}

async function renderOverlay(
  { overlay, timeout }: Extract<Step, { kind: 'kustomize' }>,
  context: StepContext,
): Promise<ManifestObject[]> {
  const { path, args } = await requireKustomize(context);
  const target = 'directory' in overlay ? overlay.directory : overlay.url;
  const hasCharts = 'directory' in overlay && (await overlayFiles(overlay.directory)).hasCharts;
  const argv: [string, ...string[]] = [path, ...args, ...(hasCharts ? ['--enable-helm'] : []), target];
  context.progress('running kustomize');
  const options = { cwd: context.root, timeout, code: 'DEPLOY' as const, signal: context.signal };
  const { exitCode, stdout, all } = await tryRun(argv, options);
  if (exitCode !== 0) {
    throw new HarnessError('DEPLOY', `kustomize could not render ${target}.`, {
      detail: tail(all),
      next: `Correct the overlay. This shows the same: \`${printable(argv)}\`.`,
    });
  }
  return readOutput(stdout, `output of kustomize for ${target}`);
}

async function runCommand(
  { command, namespace, timeout }: Extract<Step, { kind: 'command' }>,
  { root, images, kubeconfig, progress, signal }: StepContext,
): Promise<ManifestObject[]> {
  const [program] = command;
  progress(`running ${program}`);
  const env = {
    ...Object.fromEntries(images.map(({ name, reference }) => [environmentName(name), reference])),
    HARNESS_NAMESPACE: namespace,
    KUBECONFIG: kubeconfig,
  };
  const { exitCode, stdout, all } = await tryRun(command, { cwd: root, env, timeout, code: 'DEPLOY', signal }).catch(
    (error: unknown) => {
      throw error instanceof HarnessError && error.code === 'TOOL_MISSING' ? notInstalled(program) : error;
    },
  );
  if (exitCode !== 0) {
    throw new HarnessError('DEPLOY', `\`${printable(command)}\` failed with exit code ${exitCode}.`, {
      detail: tail(all),
      next: `Correct the program or its input. It runs in ${root}.`,
    });
  }
  const objects = readOutput(stdout, `output of ${program}`);
  if (objects.length > 0) return objects;
  throw new HarnessError('DEPLOY', `\`${printable(command)}\` printed no objects.`, {
    detail: tail(all),
    next: 'It must print Kubernetes objects as YAML or JSON.',
  });
}

function notInstalled(program: string): HarnessError {
  return new HarnessError(
    'TOOL_MISSING',
    `The program \`${program}\` was not found, and a step of \`deploy\` runs it.`,
    {
      next: `Install ${program}, or name it by its path.`,
    },
  );
}
