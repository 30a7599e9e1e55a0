import type { DeployStep } from '../config/deploy-step.ts';
import { digestOfJson } from '../core/digest.ts';
import { findOnPath } from '../machine/executable.ts';
import { chartFiles } from '../helm/chart-files.ts';
import { findHelm } from '../helm/find-helm.ts';
import { digestOfFiles, programStamp } from '../machine/files-below.ts';
import { overlayFiles } from './overlay-files.ts';
import type { StepContext } from './step-context.ts';

/** Increased when the same inputs lead to other objects, or more is remembered of them. */
const FORMAT = 3;

/**
 * The digest of everything that a step's objects depend on; undefined if that is not known and the
 * step must be done each time.
 */
export async function stepInputs(step: DeployStep, context: StepContext): Promise<string | undefined> {
  const files = await filesOf(step, context.root);
  if (files === undefined) return undefined;
  const { images, imageFields, env } = context;
  const { place: _, timeout: __, ...settings } = step;
  const variables =
    step.kind === 'helm'
      ? Object.values(step.set).flatMap((value) => (typeof value === 'object' ? [env[value.env] ?? null] : []))
      : [];
  return digestOfJson([
    FORMAT,
    settings,
    variables,
    digestOfFiles(files),
    toolOf(step, env),
    images.map(({ name, reference, digest }) => [name, reference, digest]),
    imageFields,
  ]);
}

/** The files that a step reads; undefined if it may read others. */
async function filesOf(step: DeployStep, root: string): Promise<string[] | undefined> {
  switch (step.kind) {
    case 'helm': {
      const values = step.values.filter((value) => typeof value === 'string');
      const { chart } = step;
      if (chart.from === 'directory') return [...(await chartFiles(chart.path)), ...values];
      if (chart.from === 'archive') return [chart.path, ...values];
      return chart.from === 'repository' && isExact(chart.version) ? values : undefined;
    }
    case 'kustomize': {
      if ('url' in step.overlay) return undefined;
      const { files, isRemote } = await overlayFiles(step.overlay.directory);
      return isRemote ? undefined : files;
    }
    case 'command': {
      if (step.inputs === undefined) return undefined;
      const { globSync } = await import('tinyglobby');
      return globSync(step.inputs, { cwd: root, absolute: true, dot: true });
    }
    case 'manifests':
      return undefined; // what reads and applies them finds out itself
  }
}

/** The files of all steps that are on this machine. */
export async function filesOfSteps(steps: readonly DeployStep[], root: string): Promise<string[]> {
  const files = await Promise.all(
    steps.map(async (step) => (step.kind === 'manifests' ? step.files : filesOf(step, root))),
  );
  return files.flatMap((found) => found ?? []);
}

/** Whether a version names one version, and not the newest of several. */
function isExact(version: string | undefined): boolean {
  return version !== undefined && /^v?\d+\.\d+\.\d+([-+][\w.+-]+)?$/.test(version);
}

function toolOf(step: DeployStep, env: NodeJS.ProcessEnv): string {
  const tools = {
    helm: () => findHelm(env),
    kustomize: () => findOnPath('kustomize', env)[0] ?? findOnPath('kubectl', env)[0],
    command: () => (step.kind === 'command' ? findOnPath(step.command[0], env)[0] : undefined),
    manifests: () => undefined,
  };
  const path = tools[step.kind]();
  return path === undefined ? '' : programStamp(path);
}
