import { canonicalName } from '../docker/reference.ts';

const BLOCK = 512;
const LIST = 'manifest.json';

/**
 * The list of images in an archive of `docker save`: each image's names, and the paths of its
 * configuration (`blobs/sha256/<digest>`) and layers.
 */
type SavedImages = { Config?: string; RepoTags?: string[] | null; Layers?: string[] | null }[];

/** An image in an archive. */
export interface ArchivedImage {
  /** The configuration's digest. */
  digest: string;
  /** Sizes in bytes of its configuration and layers, by path: images can share files. */
  files: ReadonlyMap<string, number>;
}

/**
 * Finds out which images are in an archive of `docker save`, while the archive is streamed. It
 * keeps only the sizes of files and the list of images. In an unknown archive format it finds none.
 */
export class ArchivedImages {
  readonly #sizes = new Map<string, number>();
  #images: SavedImages = [];
  #isInList = false;
  #isDone = false;
  /** Bytes to skip. */
  #toSkip = 0;
  /** The parts of a header or of the list that have been read. */
  #parts: Buffer[] = [];
  /** Bytes of the header or list that are still missing. */
  #missing = BLOCK;

  /**
   * The image of that name, after the whole archive was seen.
   * @param name the full name
   */
  find(name: string): ArchivedImage | undefined {
    const { Config: config = '', Layers: layers } =
      this.#images.find(({ RepoTags: tags }) => tags?.some((tag) => canonicalName(tag) === name)) ?? {};
    const hex = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(config)?.[1];
    if (hex === undefined) return undefined;
    const files = new Map([config, ...(layers ?? [])].map((path) => [path, this.#sizes.get(path) ?? 0]));
    return { digest: `sha256:${hex}`, files };
  }

  /** Looks at the next piece of the archive. */
  see(piece: Buffer): void {
    for (let at = 0; at < piece.length && !this.#isDone;) {
      const length = Math.min(this.#toSkip || this.#missing, piece.length - at);
      if (this.#toSkip > 0) this.#toSkip -= length;
      else this.#collect(piece.subarray(at, at + length));
      at += length;
    }
  }

  #collect(part: Buffer): void {
    this.#parts.push(part);
    this.#missing -= part.length;
    if (this.#missing > 0) return;
    const whole = Buffer.concat(this.#parts);
    this.#parts = [];
    if (this.#isInList) this.#readList(whole);
    else this.#readHeader(whole);
  }

  #readHeader(header: Buffer): void {
    const text = (from: number, to: number) => header.toString('latin1', from, to).replace(/\0.*/s, '');
    const path = text(0, 100);
    const size = parseInt(text(124, 136), 8);
    // An extended header, as files of 8 GiB and more have, may give another size. Without that size
    // the next header cannot be found.
    this.#isDone = text(257, 262) !== 'ustar' || !/^[05]?$/.test(text(156, 157)) || Number.isNaN(size);
    this.#sizes.set(path, size);
    this.#isInList = path === LIST && size > 0;
    if (!this.#isInList) this.#toSkip = Math.ceil(size / BLOCK) * BLOCK;
    this.#missing = this.#isInList ? size : BLOCK;
  }

  /** The list comes after all files that it names. */
  #readList(list: Buffer): void {
    this.#isDone = true;
    try {
      const images = JSON.parse(list.toString('utf8')) as unknown;
      if (Array.isArray(images)) this.#images = images as SavedImages;
    } catch {
      // An unknown format.
    }
  }
}
