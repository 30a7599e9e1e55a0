import { PassThrough, type Readable } from 'node:stream';

/**
 * Reads a source once and copies it to several readers, at the pace of the slowest, so that memory
 * use stays small. A destroyed reader does not block the others. When all are destroyed, the source
 * is closed. If the source fails, all readers fail.
 */
export function fanOut(source: Readable, readerCount: number): Readable[] {
  const readers = Array.from({ length: readerCount }, () => new PassThrough());
  void pump(source, readers);
  return readers;
}

async function pump(source: Readable, readers: PassThrough[]): Promise<void> {
  try {
    for await (const chunk of source) {
      const open = readers.filter((reader) => !reader.destroyed);
      if (open.length === 0) break;
      await Promise.all(open.filter((reader) => !reader.write(chunk)).map(drained));
    }
    readers.forEach((reader) => reader.end());
  } catch (error) {
    readers.forEach((reader) => reader.destroy(error as Error));
  }
}

function drained(reader: PassThrough): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      reader.off('drain', done).off('close', done);
      resolve();
    };
    reader.on('drain', done).on('close', done);
  });
}
