/**
 * Many paths as bytes. A list of 100,000 strings would take longer to create than everything else
 * that a check does in JavaScript.
 */
export class Paths {
  readonly length: number;
  /** UTF-8, with a NUL after each path. */
  readonly bytes: Uint8Array;
  /** The position after each NUL. */
  readonly ends: Uint32Array;
  #all: readonly string[] | undefined;

  constructor(bytes: Uint8Array, ends: Uint32Array, all?: readonly string[]) {
    this.length = ends.length;
    this.bytes = bytes;
    this.ends = ends;
    this.#all = all;
  }

  static of(paths: readonly string[]): Paths {
    const bytes = Buffer.from(paths.map((path) => `${path}\0`).join(''));
    const ends = new Uint32Array(paths.length);
    let end = -1;
    for (let row = 0; row < paths.length; row++) ends[row] = end = bytes.indexOf(0, end + 1);
    return new Paths(
      bytes,
      ends.map((nul) => nul + 1),
      paths,
    );
  }

  all(): readonly string[] {
    return (this.#all ??= this.slice(0, this.length));
  }

  at(row: number): string {
    return this.#all?.[row] ?? this.slice(row, row + 1)[0] ?? '';
  }

  /** The paths of these rows, without `to`. */
  slice(from: number, to: number): string[] {
    const last = Math.min(to, this.length);
    if (from >= last) return [];
    const [first, end] = [from === 0 ? 0 : (this.ends[from - 1] as number), this.ends[last - 1] as number];
    const { buffer, byteOffset } = this.bytes;
    return Buffer.from(buffer, byteOffset + first, end - 1 - first)
      .toString()
      .split('\0');
  }

  equals(other: Paths): boolean {
    return Buffer.compare(this.bytes, other.bytes) === 0;
  }
}
