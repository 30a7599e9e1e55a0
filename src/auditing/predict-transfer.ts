import { kindOf, STAT_COLUMNS, type StatRows } from '../sources/rows.ts';

/** What a context holds and what of it a build uses. Bytes of files, except `sentBytes`. */
export interface Measured {
  contextFiles: number;
  contextBytes: number;
  /** Bytes of the files that a step can reach. */
  reachableBytes: number;
  /** What Docker's client sends for a first build, as BuildKit counts it. */
  sentBytes: number;
}

/** Bytes of a file that go in one packet. */
const CHUNK = 32 * 1024;

/**
 * Predicts what is sent of a context. BuildKit counts packets of a protocol: one with the facts about
 * each file and directory, then the content of each file in pieces. Its ends count, too. Source:
 * `send.go`, `receive.go` and `types/` of github.com/tonistiigi/fsutil.
 * @param isTaken which paths steps ask for; undefined for all
 * @param isUsed whether any step takes anything: otherwise nothing is sent at all
 */
export function predictTransfer(
  rows: StatRows,
  isUsed: boolean,
  isTaken: ((path: string) => boolean) | undefined,
): Measured {
  const measured: Measured = { contextFiles: 0, contextBytes: 0, reachableBytes: 0, sentBytes: 0 };
  const paths = rows.paths.all();
  const sent: { key: string; row: number }[] = [];
  const directoriesInUse = new Set<string>();
  for (let row = 0; row < paths.length; row++) {
    const kind = kindOf(rows, row);
    if (kind === 'entered') continue;
    const path = paths[row] as string;
    const size = kind === 'file' ? sizeOf(rows, row) : 0;
    if (kind !== 'directory') {
      measured.contextFiles++;
      measured.contextBytes += size;
    }
    if (!isUsed) continue;
    // Rows of a directory come after those of what it holds.
    const isNeeded = isTaken === undefined || directoriesInUse.has(path) || isTaken(path);
    if (!isNeeded) continue;
    measured.reachableBytes += size;
    sent.push({ key: path.replaceAll('/', '\0'), row });
    for (let at = path.lastIndexOf('/'); isTaken && at > 0; at = path.lastIndexOf('/', at - 1)) {
      const parent = path.slice(0, at);
      if (directoriesInUse.has(parent)) break;
      directoriesInUse.add(parent);
    }
  }
  if (isUsed) measured.sentBytes = packetBytes(rows, sent);
  return measured;
}

/** The bytes of all packets. Files are numbered in the order in which a walk comes to them. */
function packetBytes(rows: StatRows, sent: { key: string; row: number }[]): number {
  sent.sort((a, b) => (a.key < b.key ? -1 : 1));
  const firstByInode = new Map<number, string>();
  let bytes = 2; // the packet that ends everything
  for (const [number, { row }] of sent.entries()) {
    const path = rows.paths.at(row);
    const kind = kindOf(rows, row);
    const inode = rows.stats[row * STAT_COLUMNS + 3] ?? NaN;
    const first = kind === 'file' ? firstByInode.get(inode) : undefined;
    if (kind === 'file' && first === undefined) firstByInode.set(inode, path);
    bytes += withLength(statBytes(rows, row, first));
    if (kind === 'file' && first === undefined) bytes += contentBytes(sizeOf(rows, row), number);
  }
  return bytes;
}

/** The facts about one file. A field that is zero or empty is left out; owners are always zero. */
function statBytes(rows: StatRows, row: number, hardLinkTo: string | undefined): number {
  const kind = kindOf(rows, row);
  const size = kind === 'file' || kind === 'link' ? sizeOf(rows, row) : 0;
  const link = hardLinkTo === undefined ? (kind === 'link' ? size : 0) : Buffer.byteLength(hardLinkTo);
  return (
    textField(Buffer.byteLength(rows.paths.at(row))) +
    numberField(goMode(kind, rows.modes[row] ?? 0)) +
    numberField(size) +
    numberField(modifiedNanoseconds(rows, row)) +
    textField(link)
  );
}

function contentBytes(size: number, number: number): number {
  const head = 2 + numberField(number);
  const rest = size % CHUNK;
  const full = Math.floor(size / CHUNK) * (head + withLength(CHUNK));
  return full + (rest === 0 ? 0 : head + withLength(rest)) + head;
}

function sizeOf({ stats }: StatRows, row: number): number {
  return stats[row * STAT_COLUMNS] ?? 0;
}

function modifiedNanoseconds({ stats }: StatRows, row: number): number {
  return (stats[row * STAT_COLUMNS + 1] ?? 0) * 1e6;
}

/** The size of a mode as Go has it, with the kind in its high bits. */
function goMode(kind: string, mode: number): number {
  const kinds: Record<string, number> = { directory: 2 ** 31, link: 2 ** 27, special: 2 ** 25 };
  const special = (mode & 0o4000 ? 2 ** 23 : 0) + (mode & 0o2000 ? 2 ** 22 : 0) + (mode & 0o1000 ? 2 ** 20 : 0);
  return (kinds[kind] ?? 0) + special + (mode & 0o777);
}

/** A tag, a length and as many bytes. */
function withLength(bytes: number): number {
  return 1 + varint(bytes) + bytes;
}

function textField(bytes: number): number {
  return bytes === 0 ? 0 : withLength(bytes);
}

function numberField(value: number): number {
  return value === 0 ? 0 : 1 + varint(value);
}

/** The bytes of a number in base 128. */
function varint(value: number): number {
  if (value < 0) return 10;
  let bytes = 1;
  for (let rest = value; rest >= 128; rest /= 128) bytes++;
  return bytes;
}
