import { PassThrough, type Readable } from 'node:stream';

/**
 * Reads a source once for several readers, at the pace of the slowest: nothing is kept but what is
 * on its way. A reader that is destroyed holds nobody up; when all are, the source is closed. An
 * error of the source is an error of each.
 */
export function fanOut(source: Readable, readers: number): Readable[] {
  const outlets = Array.from({ length: readers }, () => new PassThrough());
  void pump(source, outlets);
  return outlets;
}

async function pump(source: Readable, outlets: PassThrough[]): Promise<void> {
  try {
    for await (const chunk of source) {
      const open = outlets.filter((outlet) => !outlet.destroyed);
      if (open.length === 0) break;
      await Promise.all(open.filter((outlet) => !outlet.write(chunk)).map(drained));
    }
    outlets.forEach((outlet) => outlet.end());
  } catch (error) {
    outlets.forEach((outlet) => outlet.destroy(error as Error));
  }
}

function drained(outlet: PassThrough): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      outlet.off('drain', done).off('close', done);
      resolve();
    };
    outlet.on('drain', done).on('close', done);
  });
}
