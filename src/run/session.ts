import type { Transport } from '../act/transport.ts';
import { DockerEngine } from '../drivers/docker.ts';
import { ImageDigests } from '../drivers/image-digest.ts';
import { makeStateDirectory } from '../drivers/state-file.ts';
import type { Config, ImageConfig } from '../model/config.ts';
import { HarnessError } from '../model/error.ts';
import type { Emit } from '../model/event.ts';
import type { NodeContent } from '../model/image.ts';
import type { BuildSummary, LoadSummary, TestSummary } from '../model/summary.ts';
import { SourceReader } from '../observe/inputs.ts';

/** Everything one run works with, and what it has to tell in the end. */
export interface Session {
  config: Config;
  env: NodeJS.ProcessEnv;
  emit: Emit;
  signal: AbortSignal;
  engine: DockerEngine;
  digests: ImageDigests;
  sources: SourceReader;
  /** What each node had when it was first asked in this run. */
  nodeImages: Map<string, Promise<NodeContent>>;
  /** Debian images that are being made in this run, by release. */
  debianBases: Map<string, Promise<void>>;
  /** The id of the image that the registry beside the cluster runs; looked for when one is wanted. */
  registryImage?: Promise<string>;
  /** How images get into nodes; settled when something must. */
  transport?: Promise<Transport>;
  builds: BuildSummary[];
  loads: LoadSummary[];
  tests: TestSummary | null;
}

/**
 * Connects to Docker and gathers what a run needs.
 * @throws HarnessError DOCKER_DOWN
 */
export async function openSession(given: { config: Config; env: NodeJS.ProcessEnv; emit: Emit; signal: AbortSignal }): Promise<Session> {
  const engine = await DockerEngine.connect(given.env);
  // Made before any source is looked at: in a context that holds it, its appearance would look like a change.
  makeStateDirectory(given.config.stateDirectory);
  return {
    ...given,
    engine,
    digests: new ImageDigests(given.config.stateDirectory),
    sources: new SourceReader(given.config.stateDirectory),
    nodeImages: new Map(),
    debianBases: new Map(),
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
