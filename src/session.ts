import type { Transport } from './loading/transport.ts';
import { DockerEngine } from './docker/engine.ts';
import { ImageDigests } from './loading/image-digest.ts';
import { makeStateDirectory } from './machine/state-file.ts';
import type { Config, ImageConfig } from './config/config.ts';
import { HarnessError } from './core/error.ts';
import type { Emit } from './core/event.ts';
import type { NodeContent } from './core/labels.ts';
import type { BuildSummary, LoadSummary, TestSummary } from './core/summary.ts';
import type { SourceReader } from './freshness/read-inputs.ts';

/** Everything one run works with, and what it has to tell in the end. */
export interface Session {
  config: Config;
  env: NodeJS.ProcessEnv;
  emit: Emit;
  signal: AbortSignal;
  engine: DockerEngine;
  digests: ImageDigests;
  /** Made when the first image is looked at, see `sourcesOf`. */
  sources: SourceReader | undefined;
  /** What each node had when it was first asked in this run. */
  nodeImages: Map<string, Promise<NodeContent>>;
  /** Base images that are being pulled or made in this run, by reference or release. */
  provided: Map<string, Promise<void>>;
  /** Images that may be taken in place of a build in this run, by the name of what they replace. */
  sinceImages: Record<string, string>;
  /** The id of the image that the registry beside the cluster runs; looked for when one is wanted. */
  registryImage?: Promise<string>;
  /** How images get into nodes; settled when something must. */
  transport?: Promise<Transport>;
  /** Whether a load has put an image in the place of another one. */
  hasReplaced: boolean;
  builds: BuildSummary[];
  loads: LoadSummary[];
  tests: TestSummary | null;
}

/** Gathers what a run needs. Nothing is asked yet: whether Docker answers is seen when it is. */
export function openSession(given: { config: Config; env: NodeJS.ProcessEnv; emit: Emit; signal: AbortSignal }): Session {
  // Made before any source is looked at: in a context that holds it, its appearance would look like a change.
  makeStateDirectory(given.config.stateDirectory);
  return {
    ...given,
    engine: DockerEngine.of(given.env),
    digests: new ImageDigests(given.config.stateDirectory),
    sources: undefined,
    nodeImages: new Map(),
    provided: new Map(),
    sinceImages: {},
    hasReplaced: false,
    builds: [],
    loads: [],
    tests: null,
  };
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
