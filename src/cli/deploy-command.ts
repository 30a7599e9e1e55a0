import type { Harness } from '../harness.ts';
import { diffLines, planLines } from './tables.ts';

/** `deploy`: everything that `test-cached` does before its tests, or what that would change. */
export async function deploy(
  harness: Harness,
  { dryRun, diff }: { dryRun?: boolean; diff?: boolean },
): Promise<{ lines?: string[]; more: Record<string, unknown> }> {
  if (diff) {
    const steps = await harness.diff();
    return { lines: diffLines(steps), more: { steps } };
  }
  if (dryRun) {
    const plan = await harness.dryRun('test-cached');
    return { lines: planLines('deploy', plan), more: { plan } };
  }
  const { kubeconfig, namespace } = await harness.prepare('test-cached');
  return { more: { kubeconfig, namespace } };
}
