import type { Readable } from 'node:stream';
import type { DockerEngine } from '../docker/engine.ts';
import { saveImages } from '../docker/save.ts';
import { STALLED_AFTER } from '../machine/stall.ts';
import { Batches } from './batches.ts';
import { fanOut } from './fan-out.ts';
import { importArchive } from './import-archive.ts';
import type { LoadRequest, TransferResult, Transport } from './transport.ts';

/** A requested image and the transfers that its caller waits for, by node. */
interface PendingLoad {
  request: LoadRequest;
  signal: AbortSignal | undefined;
  transfers: Map<string, PromiseWithResolvers<TransferResult>>;
}

/**
 * `docker save`, read once and streamed into the container runtime of every node: no temporary
 * file, but all layers every time. Images that are requested for the same nodes while an archive is
 * being sent go together in the next archive, so that layers they share are sent once.
 * @param stalledAfter milliseconds without progress after which an archive is aborted
 */
export function archiveTransport(engine: DockerEngine, stalledAfter = STALLED_AFTER): Transport {
  const batches = new Batches<PendingLoad>((loads) => sendArchive(engine, loads, stalledAfter));
  return {
    send(request, targets, signal) {
      const nodes = targets.map(({ node }) => node);
      const transfers = new Map(nodes.map((node) => [node, Promise.withResolvers<TransferResult>()]));
      batches.add(nodes.toSorted().join(), { request, signal, transfers });
      return new Map([...transfers].map(([node, { promise }]) => [node, promise]));
    },
  };
}

/** Sends images to the same nodes in one archive. */
async function sendArchive(engine: DockerEngine, loads: readonly PendingLoad[], stalledAfter: number): Promise<void> {
  const requests = loads.map(({ request }) => request);
  const nodes = [...(loads[0]?.transfers.keys() ?? [])];
  const signal = AbortSignal.any(loads.flatMap((load) => load.signal ?? [])); // all loads of a run have the same signal
  const references = requests.map(({ reference }) => reference);
  const inContainerd = requests.some(({ image }) => image.inContainerd);
  let archive: Readable;
  try {
    archive = await saveImages(engine, references, inContainerd, signal);
  } catch (error) {
    // Sent one by one, only the image at fault fails, for instance one that was removed.
    if (loads.length > 1 && !signal.aborted) for (const load of loads) await sendArchive(engine, [load], stalledAfter);
    else loads.forEach(({ transfers }) => transfers.forEach(({ reject }) => reject(error)));
    return;
  }
  const streams = fanOut(archive, nodes.length);
  const imports = nodes.map(async (node, at) => {
    try {
      const results = await importArchive(engine, streams[at] as Readable, requests, node, stalledAfter);
      loads.forEach(({ transfers }, i) => transfers.get(node)?.resolve(results[i] as TransferResult));
    } catch (error) {
      loads.forEach(({ transfers }) => transfers.get(node)?.reject(error));
    }
  });
  await Promise.all(imports);
}
