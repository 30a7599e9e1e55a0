import type { DockerEngine } from './engine.ts';

/** One entry of the engine's answer about an image's history, the last one first. */
interface HistoryEntry {
  CreatedBy?: string;
}

/**
 * The instructions that made an image, the last one first. Everything that is built on an image or
 * committed from one adds to them.
 * @returns an empty list if the engine does not have the image
 */
export async function imageHistory(engine: DockerEngine, image: string): Promise<string[]> {
  const path = image.split('/').map(encodeURIComponent).join('/');
  const entries = await engine.json<HistoryEntry[]>('GET', `/images/${path}/history`);
  return (entries ?? []).map(({ CreatedBy }) => CreatedBy ?? '');
}
