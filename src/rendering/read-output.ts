import { HarnessError } from '../core/error.ts';
import type { ManifestObject } from '../kubernetes/manifest.ts';
import { readManifestText } from '../manifests/read-manifests.ts';

/**
 * Reads the objects that a program printed, as kubectl would.
 * @param source names the program, for messages
 * @throws HarnessError DEPLOY with everything that is not an object
 */
export function readOutput(text: string, source: string): ManifestObject[] {
  const { objects, problems } = readManifestText(text, source);
  if (problems.length === 0) return objects;
  throw new HarnessError('DEPLOY', `The ${source} cannot be applied.`, {
    detail: problems.join('\n'),
    next: 'Run the program yourself and look at what it prints.',
  });
}
