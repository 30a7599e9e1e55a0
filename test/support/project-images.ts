import { LABELS } from '../../src/core/labels.ts';
import { run, tryRun } from '../../src/machine/process.ts';

/** Runs a Docker command and returns its output. */
export const docker = async (...argv: string[]): Promise<string> => (await run(['docker', ...argv])).stdout.trim();

/** The ids of the images that carry a project's label, with a name or without one. */
export async function projectImages(project: string): Promise<Set<string>> {
  const ids = await docker('images', '--quiet', '--filter', `label=${LABELS.project}=${project}`);
  return new Set(ids.split('\n').filter(Boolean));
}

/** Removes them. */
export async function removeProjectImages(project: string): Promise<void> {
  for (const id of await projectImages(project)) await tryRun(['docker', 'rmi', '--force', id]);
}
