import { readFileSync } from 'node:fs';
import type { ImageConfig } from '../model/config.ts';
import { canonicalName } from '../model/reference.ts';
import { buildOptions } from './build-options.ts';
import { baseReferences } from './dockerfile.ts';

/** The references that an image is built from: those in its Dockerfile, and the named contexts that are images. */
export function basesOf(image: ImageConfig, env: NodeJS.ProcessEnv): string[] {
  const { args, platforms } = buildOptions(image, env);
  const written = baseReferences(readFileSync(image.dockerfile, 'utf8'), args, platforms);
  const named = Object.entries(image.contexts);
  const isNamed = (reference: string) => named.some(([name]) => sameName(name, reference));
  const images = named.flatMap(([, context]) => ('image' in context ? [context.image] : []));
  return [...new Set([...written.filter((reference) => !isNamed(reference)), ...images])];
}

/** As BuildKit compares what a Dockerfile names with the named contexts: as references in full, or as the name of a stage in any case. */
function sameName(context: string, written: string): boolean {
  return context === written.toLowerCase() || (canonicalName(context) ?? context) === (canonicalName(written) ?? written);
}
