import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageConfig } from '../config/config.ts';
import { NATIVE_PLATFORM } from '../docker/platform.ts';
import { runtimeName } from '../docker/reference.ts';
import { keep, recall } from '../machine/remembered-answer.ts';
import { buildOptions } from './build-options.ts';
import { baseReferences, BASES_FORMAT } from './dockerfile.ts';

/**
 * The references that an image is built from: those in its Dockerfile, and the named contexts that
 * are images.
 */
export function basesOf(image: ImageConfig, stateDirectory: string, env: NodeJS.ProcessEnv): string[] {
  const { args, platforms } = buildOptions(image, env);
  const written = writtenBases(image, stateDirectory, args, platforms);
  const named = Object.entries(image.contexts);
  const isNamed = (reference: string) => named.some(([name]) => sameName(name, reference));
  const images = named.flatMap(([, context]) => ('image' in context ? [context.image] : []));
  return [...new Set([...written.filter((reference) => !isNamed(reference)), ...images])];
}

/** As `baseReferences`, which is asked only when the Dockerfile or what fills it in has changed. */
function writtenBases(
  image: ImageConfig,
  stateDirectory: string,
  args: Record<string, string>,
  platforms: string[],
): string[] {
  const text = readFileSync(image.dockerfile, 'utf8');
  const question = [BASES_FORMAT, NATIVE_PLATFORM, text, args, platforms];
  const path = join(stateDirectory, 'bases', `${image.name}.json`);
  const known = recall<string[]>(path, question);
  if (known) return known;
  const references = baseReferences(text, args, platforms);
  keep(path, question, references);
  return references;
}

/**
 * As BuildKit compares what a Dockerfile names with the named contexts: as references in full, or
 * as the name of a stage in any case.
 */
function sameName(context: string, written: string): boolean {
  return context === written.toLowerCase() || runtimeName(context) === runtimeName(written);
}
