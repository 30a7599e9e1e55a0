import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

const BLOCK = 512;

/**
 * Writes the first regular file of a tar archive, which may be larger than memory should hold.
 * @throws Error if the archive contains none
 */
export async function writeFirstFile(tar: Readable, to: Writable): Promise<void> {
  let rest = Buffer.alloc(0);
  let left: number | undefined; // bytes of the file that are still to come
  let skip = 0; // bytes of other entries
  for await (const chunk of tar as AsyncIterable<Buffer>) {
    rest = Buffer.concat([rest, chunk]);
    while (left === undefined && rest.length >= skip + BLOCK) {
      rest = rest.subarray(skip);
      skip = 0;
      const size = parseInt(rest.toString('latin1', 124, 136), 8) || 0;
      const type = rest.toString('latin1', 156, 157);
      rest = rest.subarray(BLOCK);
      if (type === '0' || type === '\0') left = size;
      else skip = Math.ceil(size / BLOCK) * BLOCK;
    }
    if (left === undefined || left === 0) continue;
    const part = rest.subarray(0, left);
    left -= part.length;
    rest = Buffer.alloc(0);
    if (!to.write(part)) await once(to, 'drain');
  }
  to.end();
  await once(to, 'close');
  if (left !== 0) throw new Error('The archive contains no complete file.');
}
