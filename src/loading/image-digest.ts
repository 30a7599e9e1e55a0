import { join } from 'node:path';
import { oncePer } from '../core/once-per.ts';
import type { DockerImage } from '../docker/engine.ts';
import { readState, writeState } from '../machine/state-file.ts';
import type { Session } from '../session.ts';

/** How many images are remembered. */
const KEPT = 200;

/**
 * Knows the configuration digests of images: the ids that images have in nodes. With Docker's
 * overlay2 store that is the engine's own id. With its containerd store the engine's id is that of
 * a manifest or an index, and the configuration's digest is learned from a transfer.
 */
export class ImageDigests {
  readonly #path: string;
  #known: Record<string, string> | undefined;

  constructor(stateDirectory: string) {
    this.#path = join(stateDirectory, 'image-digests.json');
  }

  /** The digest of an image; undefined until a transfer finds it out. */
  of(image: DockerImage): string | undefined {
    return image.inContainerd ? this.#all()[keyOf(image)] : image.id;
  }

  /** Remembers the digest that a transfer found out. */
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

/** The known digests, read once in a run. */
export const digestsOf: (session: Session) => ImageDigests = oncePer(
  ({ config }) => new ImageDigests(config.stateDirectory),
);

/** Builds that differ only in their attestations have the same manifest. */
function keyOf({ id, manifest = id }: DockerImage): string {
  return manifest;
}
