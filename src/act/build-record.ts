import { join } from 'node:path';
import { readState, writeState } from '../drivers/state-file.ts';
import type { Config, ImageConfig } from '../model/config.ts';
import type { Inputs } from '../model/inputs.ts';

/** What an image was last built from here. It explains a verdict, and never decides one: that is for the label on the image. */
export interface BuildRecord {
  digest: string;
  inputs: Inputs;
  /** What lay outside of `sources` when this was last said. */
  outside: Map<string, string>;
}

interface Stored {
  digest: string;
  files: [string, string][];
  outside: [string, string][];
  settings: Record<string, string>;
  bases: Record<string, string>;
}

function recordPath(config: Config, image: ImageConfig): string {
  return join(config.stateDirectory, 'built', `${image.name}.json`);
}

/** Keeps what an image was built from, so that the next verdict can name what changed. */
export function writeRecord(config: Config, image: ImageConfig, { digest, inputs, outside }: BuildRecord): void {
  const { files, settings, bases } = inputs;
  const stored: Stored = { digest, files: [...files], outside: [...outside], settings: { ...settings }, bases: { ...bases } };
  writeState(recordPath(config, image), JSON.stringify(stored));
}

/** What is still known of the inputs that an image was last built from here. */
export function readRecord(config: Config, image: ImageConfig): BuildRecord | undefined {
  const stored = readState<Stored>(recordPath(config, image));
  if (!stored || !Array.isArray(stored.files) || !Array.isArray(stored.outside)) return undefined;
  const { digest, files, settings, bases, outside } = stored;
  return { digest, inputs: { files: new Map(files), settings, bases }, outside: new Map(outside) };
}
