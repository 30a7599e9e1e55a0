import type { Config, ImageConfig } from './config/config.ts';
import { HarnessError } from './core/error.ts';
import type { Emit } from './core/event.ts';
import type { BuildSummary, LoadSummary, TestSummary } from './core/summary.ts';
import { DockerEngine } from './docker/engine.ts';
import { makeStateDirectory } from './machine/state-file.ts';

/**
 * What every stage of one run is handed, and what the run has to tell in the end. What a stage
 * remembers in a run is kept in its own room, by `oncePer` with the session as the key.
 */
export interface Session {
  config: Config;
  env: NodeJS.ProcessEnv;
  emit: Emit;
  signal: AbortSignal;
  engine: DockerEngine;
  builds: BuildSummary[];
  loads: LoadSummary[];
  tests: TestSummary | null;
}

/** Gathers what a run needs. Nothing is asked yet: whether Docker answers is seen when it is. */
export function openSession(given: Pick<Session, 'config' | 'env' | 'emit' | 'signal'>): Session {
  // Made before any source is looked at: in a context that holds it, its appearance would look like
  // a change.
  makeStateDirectory(given.config.stateDirectory);
  return { ...given, engine: DockerEngine.of(given.env), builds: [], loads: [], tests: null };
}

/**
 * The images of those names, or all of them when none is named.
 * @throws HarnessError USAGE for a name that is not configured
 */
export function selectImages(config: Config, names: readonly string[]): ImageConfig[] {
  const known = config.images.map((image) => image.name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new HarnessError('USAGE', `No image is named ${unknown.map((name) => `\`${name}\``).join(', ')}.`, {
      next: known.length === 0 ? `Add images to ${config.file}.` : `Configured are: ${known.join(', ')}.`,
    });
  }
  return names.length === 0 ? config.images : config.images.filter((image) => names.includes(image.name));
}
