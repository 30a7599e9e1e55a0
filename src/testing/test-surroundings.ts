import { readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { ClusterNode } from '../cluster/cluster.ts';
import type { Config, TestCacheConfig } from '../config/config.ts';
import { digestOfJson } from '../core/digest.ts';
import type { ManifestObject } from '../kubernetes/manifest.ts';
import type { DeployedImage } from '../loading/loaded-image.ts';
import { allDirectoriesUp, directoriesUp, installedIn, settingsIn, type ReadFile } from './package-files.ts';
import type { TestInputs } from './test-inputs.ts';

/** What is running when the tests start. */
export interface Deployed {
  /** The digest of everything that the cluster was created from, see `ClusterRecord`. */
  clusterDefinition: string;
  nodes: readonly Pick<ClusterNode, 'image'>[];
  images: readonly DeployedImage[];
  services: readonly { config: { name: string }; definition: string }[];
  objects: readonly ManifestObject[];
  steps: readonly { place: string; digest: string }[];
}

/**
 * What all tests of a run depend on, besides their own files. Values of variables are not stored,
 * only their digests.
 */
export async function testSurroundings(
  config: Config,
  cache: TestCacheConfig,
  env: NodeJS.ProcessEnv,
  deployed: Deployed,
): Promise<TestInputs['surroundings']> {
  const { files, env: variables } = cache;
  return {
    ...Object.fromEntries(deployed.images.map((image) => [`image ${image.name}`, image.digest])),
    ...Object.fromEntries(deployed.services.map((service) => [`service ${service.config.name}`, service.definition])),
    cluster: deployed.clusterDefinition,
    // A node image may be rebuilt under its reference. What counts is what the nodes run.
    'node image': [...new Set(deployed.nodes.map(({ image }) => image))].sort().join(' '),
    manifests: digestOfJson(deployed.objects.map(({ object }) => object)),
    ...Object.fromEntries(deployed.steps.map(({ place, digest }) => [place, digest])),
    configuration: digestOfJson([config.namespace, config.cluster, config.tests]),
    'Node.js': process.version,
    'kind-harness': ownVersion(),
    ...byName(config.root, directoriesUp(config.root).flatMap(settingsIn)),
    ...byName(config.root, allDirectoriesUp(config.root).flatMap(installedIn)),
    ...Object.fromEntries(
      variables.map((name) => [`variable ${name}`, env[name] === undefined ? 'not set' : digestOfJson(env[name])]),
    ),
    ...(files.length === 0 ? {} : { 'declared files': digestOfJson(await declared(files, config.root)) }),
  };
}

/** A name for each file, so that the reason to run again names the file. */
function byName(root: string, files: readonly ReadFile[]): Record<string, string> {
  return Object.fromEntries(files.map(({ path, digest }) => [relative(root, path).split(sep).join('/'), digest]));
}

/** This package may be linked or installed globally; then no installer's record names it. */
function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}

async function declared(globs: string[], root: string): Promise<[path: string, digest: string][]> {
  const { globSync } = await import('tinyglobby');
  const paths = globSync(globs, { cwd: root, dot: true }).sort();
  return paths.map((path) => [path, digestOfJson(readFileSync(join(root, path), 'base64'))]);
}
