import { Transform, type Readable } from 'node:stream';
import { dropBroken } from '../containerd/images.ts';
import { RESTART_NODES, seeContainerdLog } from '../containerd/see-log.ts';
import { HarnessError } from '../core/error.ts';
import { seconds } from '../core/words.ts';
import type { DockerEngine } from '../docker/engine.ts';
import { tryExec, type ExecResult } from '../docker/exec.ts';
import { saveImages } from '../docker/save.ts';
import { diskFullOr, saysDiskFull } from '../machine/disk-full.ts';
import { tail } from '../machine/process.ts';
import { STALLED_AFTER, watchForStall } from '../machine/stall.ts';
import { ArchivedImages, type ArchivedImage } from './archived-images.ts';
import { Batches } from './batches.ts';
import { fanOut } from './fan-out.ts';
import type { Delivery, Shipment, Transport } from './transport.ts';

/** By `ctr` itself: through containerd's transfer service the same takes twice as long. */
const IMPORT = ['ctr', '--namespace=k8s.io', 'images', 'import', '--local', '-'];

/** An image that is to go to some nodes, and what its sender waits for, by node. */
interface Order {
  shipment: Shipment;
  signal: AbortSignal | undefined;
  deliveries: Map<string, PromiseWithResolvers<Delivery>>;
}

/**
 * `docker save`, read once and streamed into the container runtime of every node: no temporary
 * file, all layers every time. Images that become due for the same nodes while another one is on
 * its way go in one archive, so that what they share goes once.
 * @param stalledAfter milliseconds without progress after which an archive is given up
 */
export function archiveTransport(engine: DockerEngine, stalledAfter = STALLED_AFTER): Transport {
  const batches = new Batches<Order>((orders) => carry(engine, orders, stalledAfter));
  return {
    send(shipment, destinations, signal) {
      const nodes = destinations.map(({ node }) => node);
      const deliveries = new Map(nodes.map((node) => [node, Promise.withResolvers<Delivery>()]));
      batches.add(nodes.toSorted().join(), { shipment, signal, deliveries });
      return new Map([...deliveries].map(([node, { promise }]) => [node, promise]));
    },
  };
}

/** Brings images to the same nodes, all in one archive. */
async function carry(engine: DockerEngine, orders: readonly Order[], stalledAfter: number): Promise<void> {
  const shipments = orders.map(({ shipment }) => shipment);
  const nodes = [...(orders[0]?.deliveries.keys() ?? [])];
  const signal = AbortSignal.any(orders.flatMap((order) => order.signal ?? [])); // a run has one for all that it sends
  const references = shipments.map(({ reference }) => reference);
  const inContainerd = shipments.some(({ image }) => image.inContainerd);
  let archive: Readable;
  try {
    archive = await saveImages(engine, references, inContainerd, signal);
  } catch (error) {
    // Alone, only that fails which is at fault: one that is gone, say.
    if (orders.length > 1 && !signal.aborted) for (const order of orders) await carry(engine, [order], stalledAfter);
    else orders.forEach(({ deliveries }) => deliveries.forEach(({ reject }) => reject(error)));
    return;
  }
  const outlets = fanOut(archive, nodes.length);
  const imports = nodes.map(async (node, at) => {
    try {
      const arrived = await importArchive(engine, outlets[at] as Readable, shipments, node, stalledAfter);
      orders.forEach(({ deliveries }, i) => deliveries.get(node)?.resolve(arrived[i] as Delivery));
    } catch (error) {
      orders.forEach(({ deliveries }) => deliveries.get(node)?.reject(error));
    }
  });
  await Promise.all(imports);
}

/** @returns a delivery for each shipment */
async function importArchive(
  engine: DockerEngine,
  archive: Readable,
  shipments: readonly Shipment[],
  node: string,
  stalledAfter: number,
): Promise<Delivery[]> {
  const stall = watchForStall(stalledAfter);
  const content = new ArchivedImages();
  let bytes = 0;
  // Counted in passing: a listener for `data` would set the stream flowing before the node reads
  // from it.
  const counter = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      bytes += chunk.length;
      content.see(chunk);
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
    // a node that cannot read, or stops before the padding at the end, must not keep the others
    // waiting
    archive.destroy();
  }
  if (result.exitCode === 0) {
    const images = shipments.map(({ name }) => content.find(name));
    const parts = sharesOf(bytes, images);
    const sure = await Promise.all(shipments.map((shipment, at) => sureDigest(engine, shipment, images[at])));
    return parts.map((part, at) => ({ ...part, ...(sure[at] === undefined ? {} : { digest: sure[at] }) }));
  }
  const references = shipments.map(({ reference }) => reference).join(', ');
  if (stall.signal.aborted) {
    throw new HarnessError('LOAD', `${node} has taken nothing of ${references} for ${seconds(stalledAfter)}.`, {
      next: `${seeContainerdLog(node)} ${RESTART_NODES}`,
    });
  }
  const output = `${result.stdout}\n${result.stderr}`.trim();
  if (saysDiskFull(output)) await dropAllBroken(engine, node, shipments).catch(() => undefined);
  throw diskFullOr('LOAD', output, {
    message: `Could not import ${references} into node ${node}.`,
    whenFull: `Node ${node} is out of disk space while loading ${references}.`,
    detail: tail(output),
    next: seeContainerdLog(node),
  });
}

/**
 * Each image's part of an archive: what no image before it has counted. The first has the archive's
 * own frame, too, so that all add up to it.
 */
export function sharesOf(
  bytes: number,
  images: readonly (ArchivedImage | undefined)[],
): Pick<Delivery, 'bytes' | 'total'>[] {
  const counted = new Set<string>();
  const sum = (sizes: Iterable<number>) => [...sizes].reduce((all, size) => all + size, 0);
  const parts = images.map((image) => {
    const files = [...(image?.files ?? [])];
    const own = sum(files.map(([path, size]) => (counted.has(path) ? 0 : size)));
    files.forEach(([path]) => counted.add(path));
    return { bytes: own, total: sum(files.map(([, size]) => size)) };
  });
  const frame = bytes - sum(parts.map((part) => part.bytes));
  return parts.map((part, at) => (at === 0 ? { bytes: part.bytes + frame, total: part.total + frame } : part));
}

/**
 * What was saved is what the name means; if that is another image by now, the digest may be the
 * other one's.
 */
async function sureDigest(
  engine: DockerEngine,
  { reference, image }: Shipment,
  archived: ArchivedImage | undefined,
): Promise<string | undefined> {
  const isSure = image.inContainerd && archived && (await engine.image(reference))?.id === image.id;
  return isSure ? archived.digest : undefined;
}

/**
 * It holds as much as the images, and containerd keeps what is listed. Where the room is not even
 * there for this, it stays.
 */
async function dropAllBroken(engine: DockerEngine, node: string, shipments: readonly Shipment[]): Promise<void> {
  for (const { name, image } of shipments)
    await dropBroken(engine, { node, name, digest: image.id, layers: image.layers });
}
