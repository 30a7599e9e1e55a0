import type { DockerEngine } from './engine.ts';

/** The size of BuildKit's cache in the engine in bytes: in all, and what images or builds use. */
export async function buildCacheSize(engine: DockerEngine): Promise<{ bytes: number; inUse: number }> {
  const answer = await engine.json<{ BuildCache?: { Size: number; InUse: boolean }[] | null }>(
    'GET',
    '/system/df?type=build-cache',
  );
  const sum = (entries: { Size: number }[]) => entries.reduce((bytes, { Size }) => bytes + Size, 0);
  const entries = answer?.BuildCache ?? [];
  return { bytes: sum(entries), inUse: sum(entries.filter(({ InUse }) => InUse)) };
}
