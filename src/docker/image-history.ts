import type { DockerEngine } from './engine.ts';

/** One entry of an image's history. Several entries may share a layer of no bytes, or have none. */
export interface HistoryEntry {
  /** The instruction, in BuildKit's words. */
  instruction: string;
  /** Bytes that its layer adds, unpacked. */
  bytes: number;
  /** Seconds since the epoch. An entry that comes from a cache has the time of its first build. */
  created: number;
}

/** The engine's answer for one entry. */
interface RawEntry {
  CreatedBy?: string;
  Size?: number;
  Created?: number;
}

/**
 * What made an image, the last entry first. Everything that is built on an image or committed from
 * one adds to it.
 * @returns an empty list if the engine does not have the image
 */
export async function layerHistory(engine: DockerEngine, image: string): Promise<HistoryEntry[]> {
  const path = image.split('/').map(encodeURIComponent).join('/');
  const entries = await engine.json<RawEntry[]>('GET', `/images/${path}/history`);
  return (entries ?? []).map(({ CreatedBy = '', Size = 0, Created = 0 }) => ({
    instruction: CreatedBy,
    bytes: Size,
    created: Created,
  }));
}

/** The instructions that made an image, the last one first. */
export async function imageHistory(engine: DockerEngine, image: string): Promise<string[]> {
  return (await layerHistory(engine, image)).map(({ instruction }) => instruction);
}
