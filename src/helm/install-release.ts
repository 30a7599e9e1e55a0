import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DeployStep } from '../config/deploy-step.ts';
import { HarnessError } from '../core/error.ts';
import { tail, tryRun } from '../machine/process.ts';
import { isAlive, startOf, type RunningProcess } from '../machine/running-process.ts';
import { readState, removeState, writeState } from '../machine/state-file.ts';
import { helmEnvironment } from './helm-arguments.ts';
import { explainHooks } from './hook-failure.ts';
import type { ReleaseContext } from './release-context.ts';
import { isPending, markFailed, newestRelease, type Release } from './release-record.ts';
import { helmFiles, withHelm } from './with-helm.ts';

/** Milliseconds that Helm gets on top of the time for its hooks, before it is killed. */
const GRACE = 60_000;
/** Milliseconds for a Helm of an earlier run to end after it was told to. */
const END_TIMEOUT = 15_000;

type Step = Extract<DeployStep, { kind: 'helm' }>;

/**
 * Installs or upgrades a release with Helm, with the configured images filled in. Does not wait
 * until its pods are ready, but Helm waits for its hooks.
 * @throws HarnessError DEPLOY with Helm's words and those of failed hooks, TOOL_MISSING
 */
export async function installRelease(step: Step, context: ReleaseContext): Promise<Release> {
  const { kube, signal, progress, kubeconfig } = context;
  await endEarlierHelm(pidFile(step, context));
  await takeUp(step, context);
  progress('running helm');
  await withHelm(step, context, async (argv, more) => {
    const process = pidFile(step, context);
    try {
      const { exitCode, all } = await tryRun(argv, {
        cwd: context.root,
        env: { ...helmEnvironment(kubeconfig), ...more },
        timeout: step.timeout + GRACE,
        code: 'DEPLOY',
        signal,
        onStart: (pid) => writeState(process, JSON.stringify({ pid, started: startOf(pid) })),
      });
      if (exitCode !== 0) throw await failure(step, context, all);
    } finally {
      removeState(process);
    }
  });
  const release = await newestRelease(kube, step.namespace, step.release);
  if (release) return release;
  throw new HarnessError('DEPLOY', `Helm succeeded, but stored no release ${step.release} in ${step.namespace}.`, {
    next: 'Check with `helm list` whether this Helm stores its releases in Secrets.',
  });
}

function pidFile(step: Step, context: ReleaseContext): string {
  return join(helmFiles(step, context), 'process.json');
}

/** Ends a Helm that a killed run left at work. It would hinder this one. */
async function endEarlierHelm(file: string): Promise<void> {
  const earlier = readState<RunningProcess>(file);
  if (!earlier?.started || !isAlive(earlier)) return;
  process.kill(earlier.pid, 'SIGTERM'); // Helm then marks its release as failed
  for (const deadline = Date.now() + END_TIMEOUT; isAlive(earlier) && Date.now() < deadline;) await sleep(100);
  if (isAlive(earlier)) process.kill(earlier.pid, 'SIGKILL');
}

/** Helm refuses to touch a release while an operation on it seems to be in progress. */
async function takeUp(step: Step, { kube, note }: ReleaseContext): Promise<void> {
  const release = await newestRelease(kube, step.namespace, step.release);
  if (!release || !isPending(release.status)) return;
  const what = `revision ${release.revision} of helm release ${step.release} was left ${release.status}`;
  note('warning', `${what}, probably because Helm was killed; marking it as failed and going on`);
  await markFailed(kube, step.namespace, step.release);
}

async function failure(step: Step, context: ReleaseContext, output: string): Promise<HarnessError> {
  const hooks = await explainHooks(step, context);
  return new HarnessError('DEPLOY', `Helm could not deploy release ${step.release}.`, {
    detail: [tail(output), ...hooks].join('\n'),
    next:
      hooks.length > 0
        ? 'Correct the hook or what it needs, and try again.'
        : 'Correct the chart or its values, and try again.',
  });
}
