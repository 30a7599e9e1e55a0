import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { DeployStep, HelmStep } from '../config/deploy-step.ts';
import { fillPlaceholders } from '../config/placeholders.ts';
import { HarnessError } from '../core/error.ts';
import { tail, tryRun } from '../machine/process.ts';
import { removeState, writeState } from '../machine/state-file.ts';
import { completeChart } from './chart-files.ts';
import { requireHelm } from './find-helm.ts';
import { helmArguments } from './helm-arguments.ts';
import { writePostRenderer } from './post-renderer.ts';
import type { ReleaseContext } from './release-context.ts';

const VERSION_TIMEOUT = 20_000;

type Step = Extract<DeployStep, { kind: 'helm' }>;

/** The directory for what Helm is handed for a release. */
export function helmFiles({ namespace, release }: Step, { stateDirectory }: ReleaseContext): string {
  return join(stateDirectory, 'helm', `${namespace}-${release}`);
}

/**
 * Writes everything that Helm reads for a release, and removes it afterwards: it may be secret.
 * @param use is given the command that installs or upgrades the release, and what to add to its
 * environment
 * @throws HarnessError TOOL_MISSING, CONFIG
 */
export async function withHelm<T>(
  step: Step,
  context: ReleaseContext,
  use: (argv: [string, ...string[]], env: NodeJS.ProcessEnv) => Promise<T>,
): Promise<T> {
  const { env, images, imageFields } = context;
  const helm = requireHelm(env);
  const directory = helmFiles(step, context);
  const postRenderer = writePostRenderer(directory, { images, imageFields }, await majorVersion(helm), env);
  const written: string[] = [];
  const write = (name: string, text: string) => {
    const file = join(directory, name);
    written.push(file);
    writeState(file, text, 0o600);
    return file;
  };
  try {
    const { namespace, timeout } = step;
    const chart = await chartFor(step, join(directory, 'chart'));
    const inputs = { ...writeValues(step, context, write), ...writeSet(step, context, write) };
    const argv = helmArguments(step, { namespace, timeout, kubeconfig: context.kubeconfig, chart, ...inputs });
    return await use([helm, ...argv, ...postRenderer.args], postRenderer.env);
  } finally {
    written.forEach(removeState);
    rmSync(join(directory, 'chart'), { recursive: true, force: true });
  }
}

type Write = (name: string, text: string) => string;

function writeValues(step: Step, { images }: ReleaseContext, write: Write): { values: string[] } {
  const values = step.values.map((value, index) => {
    const text = typeof value === 'string' ? readFileSync(value, 'utf8') : stringify(value);
    const filled = fillPlaceholders(text, images);
    return typeof value === 'string' && filled === text ? value : write(`values-${index}.yaml`, filled);
  });
  return { values };
}

function writeSet(step: Step, { images, env }: ReleaseContext, write: Write) {
  const set: Record<string, string | number | boolean> = {};
  const files: Record<string, string> = {};
  for (const [path, value] of Object.entries(step.set)) {
    if (typeof value === 'object')
      files[path] = write(
        `set-${Object.keys(files).length}`,
        valueOf(value.env, env, `${step.place}.helm.set.${path}`),
      );
    else set[path] = typeof value === 'string' ? fillPlaceholders(value, images) : value;
  }
  return { set, files };
}

async function majorVersion(helm: string): Promise<number> {
  const { all } = await tryRun([helm, 'version', '--template', '{{.Version}}'], { timeout: VERSION_TIMEOUT });
  const major = Number(/v(\d+)\./.exec(all)?.[1]);
  if (major >= 3) return major;
  throw new HarnessError('TOOL_MISSING', `Helm 3 or newer is required; ${helm} says: ${tail(all, 1) || 'nothing'}.`, {
    next: 'Run `harness setup` after you have removed it from the PATH.',
  });
}

/** @throws HarnessError CONFIG if the variable is not set */
function valueOf(name: string, env: NodeJS.ProcessEnv, place: string): string {
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
