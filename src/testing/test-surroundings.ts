import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config, TestCacheConfig } from '../config/config.ts';
import { digestOfJson } from '../core/digest.ts';
import type { ManifestObject } from '../kubernetes/manifest.ts';
import type { DeployedImage } from '../loading/loaded-image.ts';
import type { TestInputs } from './test-inputs.ts';

/** Files that determine which packages are installed and how sources are compiled. */
const PACKAGE_FILES =
  /^(package\.json|package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|pnpm-workspace\.yaml|bun\.lockb?|tsconfig.*\.json|\.env.*|\.npmrc)$/;

/** What is running when the tests start. */
export interface Deployed {
  images: readonly DeployedImage[];
  services: readonly { config: { name: string }; definition: string }[];
  objects: readonly ManifestObject[];
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
    manifests: digestOfJson(deployed.objects.map(({ object }) => object)),
    configuration: digestOfJson([config.namespace, config.cluster, config.tests]),
    'Node.js': process.version,
    packages: digestOfJson(directoriesUp(config.root).flatMap(packageFiles)),
    ...Object.fromEntries(
      variables.map((name) => [`variable ${name}`, env[name] === undefined ? 'not set' : digestOfJson(env[name])]),
    ),
    ...(files.length === 0 ? {} : { 'declared files': digestOfJson(await declared(files, config.root)) }),
  };
}

/** The directories from the root up to the root of the repository. */
function directoriesUp(root: string): string[] {
  const directories = [root];
  for (let at = root; !existsSync(join(at, '.git')) && dirname(at) !== at; directories.push(at)) at = dirname(at);
  return directories;
}

function packageFiles(directory: string): [name: string, text: string][] {
  const names = readdirSync(directory, { withFileTypes: true }).filter(
    (entry) => entry.isFile() && PACKAGE_FILES.test(entry.name),
  );
  return names
    .map(({ name }): [string, string] => [join(directory, name), readFileSync(join(directory, name), 'utf8')])
    .sort();
}

async function declared(globs: string[], root: string): Promise<[path: string, digest: string][]> {
  const { globSync } = await import('tinyglobby');
  const paths = globSync(globs, { cwd: root, dot: true }).sort();
  return paths.map((path) => [path, digestOfJson(readFileSync(join(root, path), 'base64'))]);
}
