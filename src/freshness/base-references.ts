import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageConfig } from '../config/config.ts';
import { HarnessError, messageOf } from '../core/error.ts';
import { runtimeName } from '../docker/reference.ts';
import { keep, recall } from '../machine/remembered-answer.ts';
import { buildOptions, type BuildSurroundings } from './build-options.ts';
import { baseReferences, BASES_FORMAT, triggeredReferences, type DockerfileOptions } from './dockerfile.ts';

/**
 * The references an image is built from: those in its Dockerfile, and named contexts that are
 * images.
 */
export function basesOf(image: ImageConfig, stateDirectory: string, surroundings: BuildSurroundings): string[] {
  const { args, platforms } = buildOptions(image, surroundings);
  const options = { buildArgs: args, platforms, buildPlatform: surroundings.platform, target: image.target };
  const inDockerfile = dockerfileBases(image, stateDirectory, options);
  const images = Object.values(image.contexts).flatMap((context) => ('image' in context ? [context.image] : []));
  return [...new Set([...inDockerfile.filter((reference) => !isReplaced(image, reference)), ...images])];
}

/**
 * The references that an image is also built from because its bases say so.
 * @param triggers the `ONBUILD` instructions of its bases
 */
export function triggeredBases(image: ImageConfig, triggers: readonly string[]): string[] {
  if (triggers.length === 0) return [];
  const references = triggeredReferences(triggers, readFileSync(image.dockerfile, 'utf8'));
  return references.filter((reference) => !isReplaced(image, reference));
}

function isReplaced({ contexts }: ImageConfig, reference: string): boolean {
  return Object.keys(contexts).some((name) => replaces(name, reference));
}

/** `baseReferences`, computed again only when the Dockerfile or its arguments have changed. */
function dockerfileBases(image: ImageConfig, stateDirectory: string, options: DockerfileOptions): string[] {
  const text = readDockerfile(image);
  const { buildArgs, platforms, buildPlatform, target } = options;
  const question = [BASES_FORMAT, buildPlatform, text, buildArgs, platforms, target];
  const path = join(stateDirectory, 'bases', `${image.name}.json`);
  const known = recall<string[]>(path, question);
  if (known) return known;
  const references = baseReferences(text, options);
  keep(path, question, references);
  return references;
}

function readDockerfile({ name, dockerfile }: ImageConfig): string {
  try {
    return readFileSync(dockerfile, 'utf8');
  } catch (error) {
    throw new HarnessError('CONFIG', `The Dockerfile of image ${name} cannot be read: ${messageOf(error)}.`, {
      next: `Check \`images.${name}.dockerfile\` and the permissions of the file.`,
      cause: error,
    });
  }
}

/**
 * Whether BuildKit uses a named context in place of a name in a Dockerfile. It compares them as
 * full references, or as stage names, ignoring case.
 */
function replaces(context: string, reference: string): boolean {
  return context === reference.toLowerCase() || runtimeName(context) === runtimeName(reference);
}
