import { Transform, type Readable } from 'node:stream';
import { exec, tryExec } from '../drivers/container-exec.ts';
import type { DockerEngine } from '../drivers/docker.ts';
import { MAKE_ROOM, saysDiskFull } from '../drivers/disk-full.ts';
import { tail } from '../drivers/process.ts';
import { HarnessError } from '../model/error.ts';
import type { LoadDecision, NodeImage } from '../model/image.ts';
import { nodeImages } from '../observe/node-images.ts';

/** Brings an image into a node. Registries and archives are ways to do it. */
export interface Transport {
  /** @returns how many bytes travelled */
  send(engine: DockerEngine, reference: string, node: string, signal?: AbortSignal): Promise<number>;
}

/** One image for one node. */
export interface ImageLoad {
  /** As Docker knows it. */
  reference: string;
  /** As the node shall know it, in full. */
  name: string;
  /** The configuration's digest; undefined when only the transfer will tell. */
  digest: string | undefined;
  node: string;
  decision: LoadDecision;
  transport: Transport;
  signal?: AbortSignal;
}

/**
 * Does what the decision says, and asks the node afterwards: only what it lists counts as loaded.
 * @returns the node's own entry of the image, and the bytes that travelled
 * @throws HarnessError LOAD, or DISK_FULL
 */
export async function loadImage(engine: DockerEngine, load: ImageLoad): Promise<{ entry: NodeImage; bytes: number }> {
  let bytes = 0;
  if (load.decision.action === 'tag') await tagInNode(engine, load);
  if (load.decision.action === 'transfer') bytes = await load.transport.send(engine, load.reference, load.node, load.signal);
  const entry = (await nodeImages(engine, load.node)).find((image) => image.names.includes(load.name));
  if (entry && (load.digest === undefined || entry.id === load.digest)) return { entry, bytes };
  throw new HarnessError(
    'LOAD',
    `After its load, ${load.node} ${entry ? `has ${load.name} as ${entry.id}, not as ${load.digest}` : `does not list ${load.name}`}.`,
    {
      next: 'Try again; if it stays so, `harness down` and `harness up` make a new cluster.',
    },
  );
}

/** Gives an image that the node has one more name. The node's runtime lists by name, so any name of it will do as the source. */
async function tagInNode(engine: DockerEngine, { node, name, digest }: ImageLoad): Promise<void> {
  const source = (await nodeImages(engine, node)).find((image) => image.id === digest);
  const from = source?.names[0] ?? digest;
  if (from === undefined) throw new HarnessError('LOAD', `${node} has no image to name ${name}.`);
  await exec(engine, node, ['ctr', '--namespace=k8s.io', 'images', 'tag', '--force', from, name]);
}

/** `docker save`, streamed into the node's containerd: no temporary file, all layers every time. */
export const archiveTransport: Transport = {
  async send(engine, reference, node, signal) {
    const archive = (await engine.api.getImage(reference).get()) as Readable;
    if (signal?.aborted) {
      archive.destroy();
      signal.throwIfAborted();
    }
    let bytes = 0;
    // Counted in passing: a listener for `data` would set the stream flowing before the node reads from it.
    const counter = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        bytes += chunk.length;
        done(null, chunk);
      },
    });
    archive.on('error', (error) => counter.destroy(error));
    const cut = () => counter.destroy(new Error('interrupted')); // the node refuses an archive that ends too early
    signal?.addEventListener('abort', cut, { once: true });
    const result = await tryExec(engine, node, ['ctr', '--namespace=k8s.io', 'images', 'import', '-'], archive.pipe(counter));
    signal?.removeEventListener('abort', cut);
    archive.destroy(); // the node may stop reading before the padding at the end, and the connection would stay open
    if (result.exitCode === 0) return bytes;
    const output = `${result.stdout}\n${result.stderr}`.trim();
    const full = saysDiskFull(output);
    throw new HarnessError(
      full ? 'DISK_FULL' : 'LOAD',
      full ? `No room is left in ${node} to load ${reference}.` : `${node} did not take the image ${reference}.`,
      {
        detail: tail(output),
        next: full ? MAKE_ROOM : `Look at the node's runtime: docker exec ${node} journalctl -u containerd`,
      },
    );
  },
};
