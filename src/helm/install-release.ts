import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { DeployStep, HelmStep } from '../config/deploy-step.ts';
import { fillPlaceholders } from '../config/placeholders.ts';
import { HarnessError } from '../core/error.ts';
import { tail, tryRun } from '../machine/process.ts';
import { isAlive, startOf, type RunningProcess } from '../machine/running-process.ts';
import { readState, removeState, writeState } from '../machine/state-file.ts';
import { completeChart } from './chart-files.ts';
import { requireHelm } from './find-helm.ts';
import { helmArguments, helmEnvironment } from './helm-arguments.ts';
import { explainHooks } from './hook-failure.ts';
import { writePostRenderer } from './post-renderer.ts';
import { isPending, markFailed, newestRelease, type Release } from './release-record.ts';
import type { ReleaseContext } from './release-context.ts';

/** Milliseconds that Helm gets on top of the time for its hooks, before it is killed. */
const GRACE = 60_000;
const VERSION_TIMEOUT = 20_000;
/** Milliseconds for a Helm of an earlier run to end after it was told to. */
const END_TIMEOUT = 15_000;

type Step = Extract<DeployStep, { kind: 'helm' }>;

/**
 * Installs or upgrades a release with Helm, with the configured images filled in. Does not wait
 * until its pods are ready, but Helm waits for its hooks.
 * @throws HarnessError DEPLOY with Helm's words and those of failed hooks, TOOL_MISSING
 */
export async function installRelease(step: Step, context: ReleaseContext): Promise<Release> {
  const { kube, env, signal, progress, kubeconfig } = context;
  const helm = requireHelm(env);
  const directory = join(context.stateDirectory, 'helm', `${step.namespace}-${step.release}`);
  await endEarlierHelm(directory);
  await takeUp(step, context);
  progress('running helm');
  const major = await majorVersion(helm);
  const postRenderer = writePostRenderer(directory, context.images, major, env);
  const inputs = await writeInputs(step, context, directory);
  const argv = [...helmArguments(step, inputs), ...postRenderer.args];
  const files = [...inputs.written, ...Object.values(inputs.files)];
  try {
    const { exitCode, all } = await tryRun([helm, ...argv], {
      cwd: context.root,
      env: { ...helmEnvironment(kubeconfig), ...postRenderer.env },
      timeout: step.timeout + GRACE,
      code: 'DEPLOY',
      signal,
      onStart: (pid) => writeState(pidFile(directory), JSON.stringify({ pid, started: startOf(pid) })),
    });
    if (exitCode !== 0) throw await failure(step, context, all);
  } finally {
    removeState(pidFile(directory));
    files.forEach(removeState);
    rmSync(join(directory, 'chart'), { recursive: true, force: true });
  }
  const release = await newestRelease(kube, step.namespace, step.release);
  if (release) return release;
  throw new HarnessError('DEPLOY', `Helm succeeded, but stored no release ${step.release} in ${step.namespace}.`, {
    next: 'Check with `helm list` whether this Helm stores its releases in Secrets.',
  });
}

function pidFile(directory: string): string {
  return join(directory, 'process.json');
}

/** Ends a Helm that a killed run left at work. It would hinder this one. */
async function endEarlierHelm(directory: string): Promise<void> {
  const earlier = readState<RunningProcess>(pidFile(directory));
  if (!earlier?.started || !isAlive(earlier)) return;
  process.kill(earlier.pid, 'SIGTERM'); // Helm then marks its release as failed
  for (const deadline = Date.now() + END_TIMEOUT; isAlive(earlier) && Date.now() < deadline;)
    await new Promise((wake) => setTimeout(wake, 100));
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

async function majorVersion(helm: string): Promise<number> {
  const { all } = await tryRun([helm, 'version', '--template', '{{.Version}}'], { timeout: VERSION_TIMEOUT });
  const major = Number(/v(\d+)\./.exec(all)?.[1]);
  if (major >= 3) return major;
  throw new HarnessError('TOOL_MISSING', `Helm 3 or newer is required; ${helm} says: ${tail(all, 1) || 'nothing'}.`, {
    next: 'Run `harness setup` after you have removed it from the PATH.',
  });
}

/** Writes the chart, values and secrets as Helm is to read them. */
async function writeInputs(step: Step, context: ReleaseContext, directory: string) {
  const { images, env } = context;
  const written: string[] = [];
  const values = step.values.map((value, index) => {
    const text = typeof value === 'string' ? readFileSync(value, 'utf8') : stringify(value);
    const filled = fillPlaceholders(text, images);
    if (typeof value === 'string' && filled === text) return value;
    const file = join(directory, `values-${index}.yaml`);
    writeState(file, filled, 0o600);
    written.push(file);
    return file;
  });
  const set: Record<string, string | number | boolean> = {};
  const files: Record<string, string> = {};
  for (const [path, value] of Object.entries(step.set)) {
    if (typeof value !== 'object') {
      set[path] = typeof value === 'string' ? fillPlaceholders(value, images) : value;
      continue;
    }
    const file = join(directory, `set-${Object.keys(files).length}`);
    writeState(file, valueOf(value.env, env, `${step.place}.helm.set.${path}`), 0o600);
    files[path] = file;
  }
  const { namespace, timeout } = step;
  const chart = await chartFor(step, join(directory, 'chart'));
  return { namespace, timeout, kubeconfig: context.kubeconfig, chart, values, set, files, written };
}

/** @throws HarnessError CONFIG if the variable is not set */
export function valueOf(name: string, env: NodeJS.ProcessEnv, place: string): string {
  const value = env[name];
  if (value !== undefined) return value;
  throw new HarnessError('CONFIG', `The environment variable ${name} is not set.`, {
    detail: `${place}: expected a value in ${name}`,
    next: `Set ${name}, or write the value into the configuration.`,
  });
}

function chartFor({ chart }: HelmStep, scratch: string): Promise<string> | string {
  if (chart.from === 'repository') return chart.name;
  return chart.from === 'archive' ? chart.path : completeChart(chart.path, scratch);
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
