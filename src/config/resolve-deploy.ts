import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { DeployConfig, ImageConfig, Timeouts } from './config.ts';
import type { DeploySettings, DeployStepConfig } from './define-deploy.ts';
import type { HarnessConfig } from './define.ts';
import type { Chart, CommandStep, DeployStep, HelmStep, KustomizeStep } from './deploy-step.ts';
import { isDirectory, isFile } from './files.ts';
import { findManifests } from './find-manifests.ts';
import { knownPlaceholders, unknownPlaceholders } from './placeholders.ts';
import type { Problem } from './schema.ts';

/** What the steps are resolved with. */
interface Surroundings {
  root: string;
  namespace: string;
  timeouts: Timeouts;
  images: readonly Pick<ImageConfig, 'name' | 'reference'>[];
  problems: Problem[];
}

/** Names of the file that makes a directory an overlay, in kustomize's order. */
export const KUSTOMIZATIONS = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

/** Fills in what steps leave out, makes paths absolute, and checks that what they name exists. */
export async function resolveDeploy(raw: HarnessConfig['deploy'] = [], given: Surroundings): Promise<DeployConfig> {
  const { steps = [], ...settings } = Array.isArray(raw) ? { steps: raw } : raw;
  const place = Array.isArray(raw) ? 'deploy' : 'deploy.steps';
  const resolved = await Promise.all(steps.map((step, index) => resolveStep(step, `${place}[${index}]`, given)));
  const {
    maxRestarts = 5,
    restartOnConfigChange = true,
    recreateImmutable = false,
    imageFields = [],
  }: DeploySettings = settings;
  return { steps: resolved, maxRestarts, restartOnConfigChange, recreateImmutable, imageFields };
}

async function resolveStep(raw: DeployStepConfig, place: string, given: Surroundings): Promise<DeployStep> {
  const basics = {
    place,
    namespace: raw.namespace ?? given.namespace,
    timeout: raw.timeout === undefined ? given.timeouts.deploy : raw.timeout * 1000,
  };
  if (raw.inputs !== undefined && raw.command === undefined)
    given.problems.push({ path: `${place}.inputs`, message: 'expected only beside `command`: the others are known' });
  if (raw.helm) return { ...basics, ...resolveHelm(raw.helm, `${place}.helm`, given) };
  if (raw.kustomize !== undefined)
    return { ...basics, ...resolveKustomize(raw.kustomize, `${place}.kustomize`, given) };
  if (raw.command) return { ...basics, kind: 'command', ...commandOf(raw) };
  const files = await findManifests(raw.manifests, given.root, `${place}.manifests`, given.problems);
  return { ...basics, kind: 'manifests', files };
}

function commandOf({ command = [], inputs }: DeployStepConfig): Omit<CommandStep, 'kind'> {
  const [program = '', ...args] = command;
  return { command: [program, ...args], inputs };
}

function resolveHelm(raw: NonNullable<DeployStepConfig['helm']>, place: string, given: Surroundings): HelmStep {
  const { root, images, problems } = given;
  const check = (path: string, value: unknown) => {
    const texts = typeof value === 'string' ? value : JSON.stringify(value);
    for (const unknown of unknownPlaceholders(texts, images))
      problems.push({ path, message: `unknown placeholder ${unknown}: ${knownPlaceholders(images)}` });
  };
  const values = (raw.values ?? []).map((value, index) => {
    const path = `${place}.values[${index}]`;
    if (typeof value !== 'string') {
      check(path, value);
      return value;
    }
    const file = resolve(root, value);
    if (isFile(file)) check(path, readFileSync(file, 'utf8'));
    else problems.push({ path, message: `expected a file of values, found none at ${file}` });
    return file;
  });
  for (const [name, value] of Object.entries(raw.set ?? {})) check(`${place}.set.${name}`, value);
  return { kind: 'helm', release: raw.release, chart: resolveChart(raw, place, given), values, set: raw.set ?? {} };
}

function resolveChart(
  { chart, repo, version }: NonNullable<DeployStepConfig['helm']>,
  place: string,
  { root, problems }: Surroundings,
): Chart {
  if (repo !== undefined || /^(oci|https?):\/\//.test(chart))
    return { from: 'repository', name: chart, repository: repo, version };
  const path = resolve(root, chart);
  if (version !== undefined)
    problems.push({ path: `${place}.version`, message: 'expected only for a chart from a repository: add `repo`' });
  if (isFile(path)) return { from: 'archive', path };
  if (!isDirectory(path)) {
    const message = `expected a chart's directory or archive, found none at ${path}; a chart from a repository needs \`repo\``;
    problems.push({ path: `${place}.chart`, message });
  } else if (!isFile(join(path, 'Chart.yaml'))) {
    problems.push({ path: `${place}.chart`, message: `expected a chart, found no Chart.yaml in ${path}` });
  }
  return { from: 'directory', path };
}

function resolveKustomize(raw: string, place: string, { root, problems }: Surroundings): KustomizeStep {
  const directory = resolve(root, raw);
  const isRemote = /^([a-z+]+:\/\/|git@|[\w.-]+\.[a-z]+\/.+\/)/i.test(raw) && !existsSync(directory);
  if (isRemote) return { kind: 'kustomize', overlay: { url: raw } };
  if (!isDirectory(directory))
    problems.push({ path: place, message: `expected a directory, found none at ${directory}` });
  else if (!KUSTOMIZATIONS.some((name) => isFile(join(directory, name))))
    problems.push({ path: place, message: `expected a kustomization, found no ${KUSTOMIZATIONS[0]} in ${directory}` });
  return { kind: 'kustomize', overlay: { directory } };
}
