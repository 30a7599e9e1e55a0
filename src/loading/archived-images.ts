import { canonicalName } from '../docker/reference.ts';

const BLOCK = 512;
const LIST = 'manifest.json';

/**
 * What `docker save` lists in its archive: each image's names, and the paths of its configuration,
 * `blobs/sha256/<digest>`, and layers.
 */
type SavedImages = { Config?: string; RepoTags?: string[] | null; Layers?: string[] | null }[];

/** An image in an archive. */
export interface ArchivedImage {
  /** The configuration's. */
  digest: string;
  /** Bytes of its configuration and layers, by their paths: images may share them. */
  files: ReadonlyMap<string, number>;
}

/**
 * Reads from what `docker save` sends, as it passes by, which images it holds: only headers and the
 * list of images are kept. A form of archive that it does not know has none.
 */
export class ArchivedImages {
  readonly #sizes = new Map<string, number>();
  #images: SavedImages = [];
  #isInList = false;
  #isOver = false;
  /** Bytes to be passed over. */
  #skipped = 0;
  /** What is being gathered: a header, or the list. */
  #held: Buffer[] = [];
  #lacking = BLOCK;

  /**
   * The image of that name, once the archive has passed.
   * @param name in full
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
    for (let at = 0; at < piece.length && !this.#isOver;) {
      const taken = Math.min(this.#skipped || this.#lacking, piece.length - at);
      if (this.#skipped > 0) this.#skipped -= taken;
      else this.#gather(piece.subarray(at, at + taken));
      at += taken;
    }
  }

  #gather(part: Buffer): void {
    this.#held.push(part);
    this.#lacking -= part.length;
    if (this.#lacking > 0) return;
    const whole = Buffer.concat(this.#held);
    this.#held = [];
    if (this.#isInList) this.#readList(whole);
    else this.#readHeader(whole);
  }

  #readHeader(header: Buffer): void {
    const text = (from: number, to: number) => header.toString('latin1', from, to).replace(/\0.*/s, '');
    const path = text(0, 100);
    const size = parseInt(text(124, 136), 8);
    // Extended headers, of which files of 8 GiB and more have one, may say another size; what
    // follows could be taken for anything.
    this.#isOver = text(257, 262) !== 'ustar' || !/^[05]?$/.test(text(156, 157)) || Number.isNaN(size);
    this.#sizes.set(path, size);
    this.#isInList = path === LIST && size > 0;
    if (!this.#isInList) this.#skipped = Math.ceil(size / BLOCK) * BLOCK;
    this.#lacking = this.#isInList ? size : BLOCK;
  }

  /** It comes behind everything that it lists. */
  #readList(list: Buffer): void {
    this.#isOver = true;
    try {
      const images = JSON.parse(list.toString('utf8')) as unknown;
      if (Array.isArray(images)) this.#images = images as SavedImages;
    } catch {
      // A form that we do not know.
    }
  }
}
