import { join } from 'node:path';
import { oncePer } from '../core/once-per.ts';
import type { DockerImage } from '../docker/engine.ts';
import { readState, writeState } from '../machine/state-file.ts';
import type { Session } from '../session.ts';

/** How many engine ids are remembered. */
const KEPT = 200;

/**
 * The configuration's digest of an image, by which nodes know it. With Docker's overlay2 store that
 * is the engine's own id; with its containerd store the id is a manifest's or an index's, and the
 * configuration's digest is learned from a node after a transfer.
 */
export class ImageDigests {
  readonly #path: string;
  #known: Record<string, string> | undefined;

  constructor(stateDirectory: string) {
    this.#path = join(stateDirectory, 'image-digests.json');
  }

  /** The digest of an image; undefined when only a transfer will tell. */
  of(image: DockerImage): string | undefined {
    return image.inContainerd ? this.#all()[keyOf(image)] : image.id;
  }

  /** Remembers what a node called the image after its transfer. */
  learn(image: DockerImage, digest: string): void {
    if (!image.inContainerd || this.of(image) === digest) return;
    const key = keyOf(image);
    const others = Object.entries(this.#all()).filter(([id]) => id !== key);
    this.#known = Object.fromEntries([...others, [key, digest] as const].slice(-KEPT));
    writeState(this.#path, JSON.stringify(this.#known));
  }

  #all(): Record<string, string> {
    this.#known ??= readState<Record<string, string>>(this.#path) ?? {};
    return this.#known;
  }
}

/** The digests that are known in a run. */
export const digestsOf: (session: Session) => ImageDigests = oncePer(
  ({ config }) => new ImageDigests(config.stateDirectory),
);

/**
 * What decides about the configuration's digest: builds that differ in their attestations only have
 * the same.
 */
function keyOf({ id, manifest = id }: DockerImage): string {
  return manifest;
}
