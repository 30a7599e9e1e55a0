import { statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { runtimeName } from '../docker/reference.ts';
import type { Config, ImageConfig, NamedContext, TestsConfig } from './config.ts';
import type { HarnessConfig } from './define.ts';
import type { Problem } from './schema.ts';

/**
 * Fills in defaults, makes paths absolute and looks whether what they name is there; every problem
 * at once.
 */
export async function resolveConfig(
  raw: HarnessConfig,
  file: string,
  root: string,
): Promise<{ config: Config; problems: Problem[] }> {
  const problems: Problem[] = [];
  const project = raw.project ?? nameFrom(basename(root));
  const images = Object.entries(raw.images ?? {}).map(([name, image]) =>
    resolveImage(name, image, root, project, problems),
  );
  findClashes(images, problems);

  const kindConfig = raw.cluster?.config === undefined ? undefined : resolve(root, raw.cluster.config);
  if (kindConfig && !isFile(kindConfig))
    problems.push({ path: 'cluster.config', message: `expected a file, found none at ${kindConfig}` });
  if (kindConfig && raw.cluster?.nodes !== undefined) {
    problems.push({
      path: 'cluster.nodes',
      message: 'expected either `nodes` or `config`, found both: the kind configuration lists its nodes',
    });
  }

  const config: Config = {
    file,
    root,
    stateDirectory: join(root, '.harness'),
    project,
    namespace: raw.namespace ?? project,
    cluster: {
      name: raw.cluster?.name ?? project,
      nodes: raw.cluster?.nodes ?? 1,
      ...(kindConfig === undefined ? {} : { kindConfig }),
      ...(raw.cluster?.nodeImage === undefined ? {} : { nodeImage: raw.cluster.nodeImage }),
    },
    images,
    transport: raw.load?.transport ?? 'auto',
    keepRegistry: raw.registry?.keep ?? false,
    services: Object.entries(raw.services ?? {}).map(([name, { env = {}, command = [], ...service }]) => ({
      name,
      env,
      command,
      ...service,
    })),
    manifests: await findManifests(raw.manifests, root, problems),
    tests: resolveTests(raw.tests, root, problems),
  };
  return { config, problems };
}

type RawImage = NonNullable<HarnessConfig['images']>[string];

function resolveImage(name: string, raw: RawImage, root: string, project: string, problems: Problem[]): ImageConfig {
  const context = resolve(root, raw.context ?? '.');
  const dockerfile = raw.dockerfile === undefined ? join(context, 'Dockerfile') : resolve(root, raw.dockerfile);
  if (!isDirectory(context)) {
    problems.push({ path: `images.${name}.context`, message: `expected a directory, found none at ${context}` });
  }
  if (!isFile(dockerfile) && (raw.dockerfile !== undefined || isDirectory(context))) {
    problems.push({ path: `images.${name}.dockerfile`, message: `expected a Dockerfile, found none at ${dockerfile}` });
  }
  return {
    name,
    context,
    dockerfile,
    ...(raw.target === undefined ? {} : { target: raw.target }),
    ...(raw.sources === undefined ? {} : { sources: raw.sources }),
    buildArgs: mapValues(raw.buildArgs ?? {}, (value) => (typeof value === 'object' ? value : String(value))),
    contexts: mapValues(raw.contexts ?? {}, (value, key) =>
      namedContext(value, root, `images.${name}.contexts.${key}`, problems),
    ),
    platforms: raw.platforms ?? [],
    secrets: mapValues(raw.secrets ?? {}, (value) => ('file' in value ? { file: resolve(root, value.file) } : value)),
    ...(raw.cacheImage === undefined ? {} : { cacheImage: raw.cacheImage }),
    reference: referenceFor(raw.tag, project, name),
    debianBases: raw.debianBases ?? {},
  };
}

/** As BuildKit tells them apart: by a scheme, and a directory has none. */
function namedContext(value: string, root: string, path: string, problems: Problem[]): NamedContext {
  if (value.startsWith('docker-image://')) return { image: value.slice('docker-image://'.length) };
  if (value.startsWith('oci-layout://')) {
    problems.push({
      path,
      message: 'expected a directory, `docker-image://` or a URL: what an OCI layout holds is not watched',
    });
  }
  if (/^([a-z][a-z+-]*:\/\/|git@)/.test(value)) return { url: value };
  const directory = resolve(root, value);
  if (!isDirectory(directory)) problems.push({ path, message: `expected a directory, found none at ${directory}` });
  return { directory };
}

function mapValues<T, U>(record: Record<string, T>, map: (value: T, key: string) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]));
}

/**
 * A word alone is a tag, as in `tag: 'dev'`; anything with `/`, `:` or `@` is a whole reference.
 */
function referenceFor(tag: string | undefined, project: string, name: string): string {
  if (tag === undefined) return `${project}/${name}:dev`;
  if (!/[/:@]/.test(tag)) return `${project}/${name}:${tag}`;
  return /:[^/]+$/.test(tag) ? tag : `${tag}:latest`;
}

/**
 * Two images must differ in their reference, and in the environment variable that hands it to the
 * tests.
 */
function findClashes(images: ImageConfig[], problems: Problem[]): void {
  const seen = new Map<string, string>();
  for (const image of images) {
    if (image.reference.includes('@')) {
      problems.push({
        path: `images.${image.name}.tag`,
        message: 'expected a tag, found a digest: what a build will yield is not known before it',
      });
    }
    for (const key of [runtimeName(image.reference), environmentName(image.name)]) {
      const other = seen.get(key);
      if (other !== undefined)
        problems.push({
          path: `images.${image.name}`,
          message: `expected a name and tag of its own, found those of \`${other}\` (${key})`,
        });
      seen.set(key, image.name);
    }
  }
}

/**
 * The environment variable that hands an image's reference to the tests: `HARNESS_IMAGE_<NAME>`,
 * what is no letter or digit as `_`.
 */
export function environmentName(image: string): string {
  return `HARNESS_IMAGE_${image.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;
}

async function findManifests(raw: string | string[] | undefined, root: string, problems: Problem[]): Promise<string[]> {
  const globs = raw === undefined ? [] : [raw].flat();
  if (globs.length === 0) return [];
  const { globSync } = await import('tinyglobby'); // only where it is needed: start-up counts
  const files = new Set<string>();
  for (const [index, glob] of globs.entries()) {
    const found = globSync(glob, { cwd: root, absolute: true, expandDirectories: false });
    const path = Array.isArray(raw) ? `manifests.${index}` : 'manifests';
    if (found.length === 0)
      problems.push({ path, message: `expected files, found none for \`${glob}\` below ${root}` });
    for (const file of found) files.add(file);
  }
  return [...files].sort();
}

function resolveTests(raw: HarnessConfig['tests'], root: string, problems: Problem[]): TestsConfig {
  if (raw?.command && raw.vitest)
    problems.push({ path: 'tests', message: 'expected either `command` or `vitest`, found both' });
  const [program, ...args] = raw?.command ?? [];
  if (program !== undefined) {
    if (raw?.cache)
      problems.push({ path: 'tests.cache', message: 'expected vitest: what another program reads is not known' });
    return { runner: 'command', command: [program, ...args] };
  }
  const config = raw?.vitest?.config === undefined ? undefined : resolve(root, raw.vitest.config);
  if (config && !isFile(config))
    problems.push({ path: 'tests.vitest.config', message: `expected a file, found none at ${config}` });
  const { files = [], env = [] } = typeof raw?.cache === 'object' ? raw.cache : {};
  return {
    runner: 'vitest',
    ...(config === undefined ? {} : { config }),
    args: raw?.vitest?.args ?? [],
    cache: { on: Boolean(raw?.cache), files, env },
  };
}

/** A directory's name made fit for a cluster and a namespace. */
function nameFrom(directory: string): string {
  const name = directory
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 50)
    .replace(/^-+|-+$/g, '');
  return name === '' ? 'harness' : name;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
