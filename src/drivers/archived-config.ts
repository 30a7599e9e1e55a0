const BLOCK = 512;
const LIST = 'manifest.json';

/** What `docker save` lists in its archive: each image's configuration by its path, `blobs/sha256/<digest>`. */
type SavedImages = { Config?: string }[];

/**
 * Reads the digest of the one image's configuration from what `docker save` sends, as it passes by: only the list of images is kept. A form of
 * archive that it does not know leaves the digest undefined.
 */
export class ArchivedConfig {
  #digest: string | undefined;
  #isInList = false;
  #isOver = false;
  /** Bytes to be passed over. */
  #skipped = 0;
  /** What is being gathered: a header, or the list. */
  #held: Buffer[] = [];
  #lacking = BLOCK;

  /** Known when the archive has passed. */
  get digest(): string | undefined {
    return this.#digest;
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
    const size = parseInt(text(124, 136), 8);
    // Extended headers, of which files of 8 GiB and more have one, may say another size; what follows could be taken for anything.
    this.#isOver = text(257, 262) !== 'ustar' || !/^[05]?$/.test(text(156, 157)) || Number.isNaN(size);
    this.#isInList = text(0, 100) === LIST && size > 0;
    if (!this.#isInList) this.#skipped = Math.ceil(size / BLOCK) * BLOCK;
    this.#lacking = this.#isInList ? size : BLOCK;
  }

  #readList(list: Buffer): void {
    this.#isOver = true;
    const path = onlyConfig(list.toString('utf8'));
    const hex = /^blobs\/sha256\/([0-9a-f]{64})$/.exec(path ?? '')?.[1];
    if (hex !== undefined) this.#digest = `sha256:${hex}`;
  }
}

function onlyConfig(list: string): string | undefined {
  try {
    const [image, ...others] = JSON.parse(list) as SavedImages;
    return others.length === 0 ? image?.Config : undefined;
  } catch {
    return undefined;
  }
}
