import { rmSync, writeFileSync } from 'node:fs';
import { startOf, thisProcess } from './running-process.ts';

/** The files in which the programs of this process are recorded, and whether they exist. */
const records = new Map<string, { exists: boolean }>();

/**
 * Records in a file, from now on, every program that this process starts, so that a later process can
 * end those that outlived this one. The first line is this process; each further line a process id
 * with its start, or with nothing once it has ended.
 * @returns ends that, and removes the file
 */
export function recordChildren(path: string): () => void {
  records.set(path, { exists: false });
  return () => {
    if (records.get(path)?.exists) rmSync(path, { force: true });
    records.delete(path);
  };
}

/** Notes that a program has been started. @returns notes its end */
export function noteChild(pid: number): () => void {
  const noted = [...records];
  for (const [path, record] of noted) {
    if (!record.exists) write(path, `${JSON.stringify(thisProcess())}\n`, 'w');
    record.exists = true;
    write(path, `${pid} ${startOf(pid)}\n`, 'a');
  }
  return () =>
    noted.filter(([path, record]) => records.get(path) === record).forEach(([path]) => write(path, `${pid}\n`, 'a'));
}

/** Without a record, for instance on a full disk, a program is only not ended after a kill. */
function write(path: string, text: string, flag: 'a' | 'w'): void {
  try {
    writeFileSync(path, text, { flag });
  } catch {
    // see above
  }
}

/** The record of a process. */
export interface ChildrenRecord {
  /** The process that started the programs, as JSON of an `Owner`. */
  owner: string;
  children: { pid: number; started: string }[];
}

/** Reads the text of a record. Its last line may be incomplete. */
export function readChildren(text: string): ChildrenRecord {
  const [owner = '', ...lines] = text.split('\n').slice(0, -1);
  const children = new Map<number, string>();
  for (const line of lines) {
    const [pid, started = ''] = line.split(' ');
    if (started === '') children.delete(Number(pid));
    else children.set(Number(pid), started);
  }
  return { owner, children: [...children].map(([pid, started]) => ({ pid, started })) };
}
