import { Transform, type Readable } from 'node:stream';
import { ArchivedConfig } from '../drivers/archived-config.ts';
import { tryExec, type ExecResult } from '../drivers/container-exec.ts';
import { MAKE_ROOM, saysDiskFull } from '../drivers/disk-full.ts';
import { saveImage } from '../drivers/docker-save.ts';
import type { DockerEngine } from '../drivers/docker.ts';
import { fanOut } from '../drivers/fan-out.ts';
import { tail } from '../drivers/process.ts';
import { STALLED_AFTER, watchForStall } from '../drivers/stall.ts';
import { HarnessError } from '../model/error.ts';
import { seconds } from '../model/words.ts';
import { dropBroken } from './load.ts';
import type { Delivery, Shipment, Transport } from './transport.ts';

/** By `ctr` itself: through containerd's transfer service the same takes twice as long. */
const IMPORT = ['ctr', '--namespace=k8s.io', 'images', 'import', '--local', '-'];

/** One `docker save`, read once and streamed into the container runtime of every node: no temporary file, all layers every time. */
export function archiveTransport(engine: DockerEngine): Transport {
  return {
    send(shipment, destinations, signal) {
      const { reference, image } = shipment;
      const outlets = saveImage(engine, reference, image).then((archive) => {
        const cut = () => archive.destroy(new Error('interrupted')); // nodes refuse an archive that ends too early
        if (signal?.aborted) cut();
        signal?.addEventListener('abort', cut, { once: true });
        archive.once('close', () => signal?.removeEventListener('abort', cut));
        return fanOut(archive, destinations.length);
      });
      return new Map(
        destinations.map(({ node }, at) => [node, outlets.then((all) => importArchive(engine, all[at] as Readable, shipment, node))]),
      );
    },
  };
}

async function importArchive(
  engine: DockerEngine,
  archive: Readable,
  { reference, name, image }: Shipment,
  node: string,
): Promise<Delivery> {
  const stall = watchForStall();
  const config = new ArchivedConfig();
  let bytes = 0;
  // Counted in passing: a listener for `data` would set the stream flowing before the node reads from it.
  const counter = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      bytes += chunk.length;
      config.see(chunk);
      stall.progress();
      done(null, chunk);
    },
  });
  archive.on('error', (error) => counter.destroy(error));
  let result: ExecResult;
  try {
    result = await tryExec(engine, node, IMPORT, { stdin: archive.pipe(counter), signal: stall.signal });
  } finally {
    stall.end();
    archive.destroy(); // a node that cannot read, or stops before the padding at the end, must not keep the others waiting
  }
  if (result.exitCode === 0) {
    // What was saved is what the name means; if that is another image by now, the digest may be the other one's.
    const isSure = image.inContainerd && config.digest !== undefined && (await engine.image(reference))?.id === image.id;
    return { bytes, total: bytes, ...(isSure ? { digest: config.digest } : {}) };
  }
  if (stall.signal.aborted) {
    throw new HarnessError('LOAD', `${node} has taken nothing of the image ${reference} for ${seconds(STALLED_AFTER)}.`, {
      next: `Look at the node's runtime: docker exec ${node} journalctl -u containerd; \`harness stop\` and \`harness up\` start it anew.`,
    });
  }
  const output = `${result.stdout}\n${result.stderr}`.trim();
  const full = saysDiskFull(output);
  // It holds as much as the image, and containerd keeps what is listed. Where the room is not even there for this, it stays.
  if (full) await dropBroken(engine, { node, name, digest: image.id, layers: image.layers }).catch(() => undefined);
  throw new HarnessError(
    full ? 'DISK_FULL' : 'LOAD',
    full ? `No room is left in ${node} to load ${reference}.` : `${node} did not take the image ${reference}.`,
    {
      detail: tail(output),
      next: full ? MAKE_ROOM : `Look at the node's runtime: docker exec ${node} journalctl -u containerd`,
    },
  );
}
