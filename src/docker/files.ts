import { HarnessError } from '../core/error.ts';
import type { DockerEngine } from './engine.ts';

/** The text of a small file in a container, running or not; undefined if it does not exist. */
export async function readContainerFile(
  engine: DockerEngine,
  container: string,
  path: string,
): Promise<string | undefined> {
  const { status, body } = await engine.ask(
    'GET',
    `/containers/${encodeURIComponent(container)}/archive?path=${encodeURIComponent(path)}`,
  );
  if (status === 404) return undefined;
  if (status !== 200)
    throw new HarnessError('CLUSTER', `Could not read ${path} in ${container}: ${body.toString('utf8')}`);
  return firstFile(body);
}

/** Identifies a version of a file in a container. */
export interface FileStamp {
  /** Its size and its modification time to the nanosecond. */
  text: string;
  /** Milliseconds since its last change, by the engine's clock. */
  age: number;
}

/**
 * The stamp of a file in a container; undefined if the file does not exist or the engine does not
 * report it. This takes 2 ms; a program in the container would take 40 ms.
 */
export async function stampContainerFile(
  engine: DockerEngine,
  container: string,
  path: string,
): Promise<FileStamp | undefined> {
  const { status, headers } = await engine.ask(
    'HEAD',
    `/containers/${encodeURIComponent(container)}/archive?path=${encodeURIComponent(path)}`,
  );
  const stat = headers['x-docker-container-path-stat'];
  return status === 200 && typeof stat === 'string' && typeof headers.date === 'string'
    ? readStamp(stat, headers.date)
    : undefined;
}

/** @param date of the HTTP answer, rounded down to seconds: no file seems older than it is */
export function readStamp(stat: string, date: string): FileStamp | undefined {
  const { size, mtime } = JSON.parse(Buffer.from(stat, 'base64').toString('utf8')) as { size?: number; mtime?: string };
  const age = Date.parse(date) - Date.parse(mtime ?? '');
  return Number.isNaN(age) ? undefined : { text: `${size} ${mtime}`, age };
}

const BLOCK = 512;

/**
 * The first regular file of a tar archive. The engine sends exactly one, after extended headers if
 * it has any.
 */
function firstFile(tar: Buffer): string | undefined {
  for (let at = 0; at + BLOCK <= tar.length;) {
    const size = parseInt(tar.toString('latin1', at + 124, at + 136), 8) || 0;
    const type = tar.toString('latin1', at + 156, at + 157);
    if (type === '0' || type === '\0') return tar.toString('utf8', at + BLOCK, at + BLOCK + size);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return undefined;
}

/** Writes a small file into a container, running or not. Its directory must exist. */
export async function writeContainerFile(
  engine: DockerEngine,
  container: string,
  path: string,
  text: string,
): Promise<void> {
  const slash = path.lastIndexOf('/');
  const name = path.slice(slash + 1);
  if (Buffer.byteLength(name) > 99)
    throw new HarnessError('CLUSTER', `The file name ${name} is longer than 99 bytes, the limit of a tar archive.`);
  await engine.api
    .getContainer(container)
    .putArchive(tarOf(name, Buffer.from(text)), { path: path.slice(0, slash) || '/' });
}

function tarOf(name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(BLOCK);
  const put = (text: string, at: number) => header.write(text, at, 'latin1');
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, '0')}\0`;
  put(name, 0);
  put(octal(0o600, 7), 100);
  put(octal(0, 7), 108);
  put(octal(0, 7), 116);
  put(octal(content.length, 11), 124);
  put(octal(0, 11), 136);
  put(' '.repeat(8), 148); // the checksum is calculated with spaces in its own field
  put('0', 156);
  put('ustar\x0000', 257);
  put(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  return Buffer.concat([header, content, Buffer.alloc(((BLOCK - (content.length % BLOCK)) % BLOCK) + 2 * BLOCK)]);
}
