import { join } from 'node:path';
import { readState, writeState } from './state-file.ts';

/** How many engine ids are remembered. */
const KEPT = 200;

/**
 * The configuration's digest of an image, by which nodes know it. With Docker's overlay2 store that is the engine's own id; with its
 * containerd store the id is a manifest's or an index's, and the configuration's digest is learned from a node after a transfer.
 */
export class ImageDigests {
  readonly #path: string;
  readonly #containerdStore: boolean;
  #known: Record<string, string>;

  constructor(stateDirectory: string, containerdStore: boolean) {
    this.#path = join(stateDirectory, 'image-digests.json');
    this.#containerdStore = containerdStore;
    this.#known = containerdStore ? (readState<Record<string, string>>(this.#path) ?? {}) : {};
  }

  /** The digest for an engine's id; undefined when only a transfer will tell. */
  of(id: string): string | undefined {
    return this.#containerdStore ? this.#known[id] : id;
  }

  /** Remembers what a node called the image after its transfer. */
  learn(id: string, digest: string): void {
    if (!this.#containerdStore || this.#known[id] === digest) return;
    const entries = [...Object.entries(this.#known).filter(([known]) => known !== id), [id, digest] as const];
    this.#known = Object.fromEntries(entries.slice(-KEPT));
    writeState(this.#path, JSON.stringify(this.#known));
  }
}
