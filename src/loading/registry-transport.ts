import { chainIds } from '../containerd/chain-ids.ts';
import { seeContainerdLog } from '../containerd/see-log.ts';
import { HarnessError } from '../core/error.ts';
import type { DockerEngine } from '../docker/engine.ts';
import { dropName, pushImage } from '../docker/push.ts';
import { diskFull, diskFullOr } from '../machine/disk-full.ts';
import { tail } from '../machine/process.ts';
import { findManifest, type Manifest } from '../registry/client.ts';
import { registryIsFull, removeRegistry } from '../registry/container.ts';
import { NODE_HOST, REPOSITORY, type Registry } from '../registry/registry.ts';
import { pullInNode } from './pull-in-node.ts';
import type { Delivery, Destination, Shipment, Transport } from './transport.ts';

/** An image as it lies in the registry. */
interface Stored {
  digest: string;
  manifest: Manifest;
  /** Bytes that Docker sent for it. */
  pushed: number;
}

/**
 * Milliseconds that a pull may take, however small: containerd itself gives up after 5 min in which
 * nothing comes.
 */
const PULL_LIMIT = 600_000;
/**
 * Bytes in a millisecond, on top: where less than a megabyte a second moves, something is wrong.
 */
const SLOWEST = 1000;

/**
 * The way through a registry beside the cluster: Docker pushes the layers that the registry lacks,
 * once, and each node pulls those that it lacks.
 * @param architecture of the nodes, as Docker calls it
 */
export function registryTransport(engine: DockerEngine, registry: Registry, architecture: string): Transport {
  const arrived = new Map<string, Set<string>>();
  const turns = new Map<string, Promise<unknown>>();
  /** What was stored before anybody sent it, by the engine's id of the image. */
  const prepared = new Map<string, Promise<Stored>>();

  const pull = async (
    arriving: Promise<Stored>,
    { name, image }: Shipment,
    { node, unpacked }: Destination,
    signal?: AbortSignal,
  ): Promise<Delivery> => {
    const { digest, manifest, pushed } = await arriving;
    const reference = `${NODE_HOST}/${REPOSITORY}@${digest}`;
    const known = arrived.get(node) ?? new Set(unpacked);
    arrived.set(node, known);
    const lacking = lackingLayers(manifest, image.layers, known);
    lacking.chain.forEach((id) => known.add(id)); // another image on its way finds them there
    const { address } = registry;
    const limit = PULL_LIMIT + Math.ceil(lacking.bytes / SLOWEST);
    const { content, words } = await pullInNode(
      engine,
      { node, address, reference, name, id: manifest.config.digest, limit },
      signal,
    );
    if (!content) throw pullFailed(node, name, words);
    return {
      bytes: lacking.bytes,
      total: wholeSize(manifest),
      pushed,
      digest: manifest.config.digest,
      isNoted: true,
      content,
    };
  };

  /** Takes what was prepared, and only once: what travelled for it is told by one load. */
  const stored = async (shipment: Shipment, signal?: AbortSignal): Promise<Stored> => {
    const before = await prepared.get(shipment.image.id)?.catch((error: unknown) => {
      if (error instanceof HarnessError && error.code === 'DISK_FULL') throw error; // the registry has gone with that
      return undefined;
    });
    prepared.delete(shipment.image.id);
    return before ?? store(engine, registry, shipment, architecture, signal);
  };

  return {
    async prepare(shipment, signal) {
      const { id } = shipment.image;
      const storing = prepared.get(id) ?? store(engine, registry, shipment, architecture, signal);
      prepared.set(id, storing);
      await storing;
    },
    send(shipment, destinations, signal) {
      // An image under two names would have its passing names taken away by the other load.
      const turn = turns.get(shipment.image.id) ?? Promise.resolve();
      const arriving = turn.then(() => stored(shipment, signal));
      const deliveries = new Map(destinations.map((to) => [to.node, pull(arriving, shipment, to, signal)]));
      turns.set(shipment.image.id, Promise.allSettled(deliveries.values()));
      return deliveries;
    },
  };
}

/**
 * Makes sure that the registry has an image. Its tag is the engine's id of the image. Nobody is
 * kept from pushing something else there, so with the store whose ids are the configuration's
 * digest it is looked whether it is that one, and else it is pushed again.
 */
async function store(
  engine: DockerEngine,
  registry: Registry,
  shipment: Shipment,
  architecture: string,
  signal: AbortSignal | undefined,
): Promise<Stored> {
  const { port } = registry;
  const { image } = shipment;
  const tag = image.id.replace(/^\w+:/, '');
  const name = `127.0.0.1:${port}/${REPOSITORY}`;
  if (image.tags.includes(`${name}:${tag}`)) await dropName(engine, `${name}:${tag}`); // of a push that was killed
  const there = await findManifest(port, tag, architecture);
  if (there && (image.inContainerd || there.manifest.config.digest === image.id)) return { ...there, pushed: 0 };
  let layers: string[];
  try {
    layers = await pushImage(engine, image.id, name, tag, signal);
  } catch (error) {
    if (signal?.aborted || !(await registryIsFull(engine, registry).catch(() => false))) throw error;
    // with the half of an image that it holds now; the next load makes it anew
    await removeRegistry(engine, registry.containerId);
    throw diskFull(`The local registry is out of disk space while receiving ${shipment.reference}.`, { cause: error });
  }
  const stored = await findManifest(port, tag, architecture);
  if (!stored)
    throw new HarnessError('LOAD', `The registry has no image for ${architecture} after ${image.id} was pushed.`);
  return { ...stored, pushed: pushedSize(stored.manifest, image.layers, layers) };
}

/** The bytes of the layers that a push names, with the configuration's. */
export function pushedSize(
  { config, layers }: Manifest,
  contents: readonly string[],
  pushed: readonly string[],
): number {
  const travelled = (digest: string | undefined) => pushed.some((id) => digest?.startsWith(`sha256:${id}`));
  const sizes = new Map(
    layers
      .filter((layer, at) => travelled(contents[at]) || travelled(layer.digest))
      .map((layer) => [layer.digest, layer.size]),
  );
  return [...sizes.values()].reduce((sum, size) => sum + size, config.size);
}

/** The layers that a node will fetch: those whose file system it has not unpacked. */
export function lackingLayers(
  { config, layers }: Manifest,
  contents: readonly string[],
  unpacked: ReadonlySet<string>,
): { chain: string[]; bytes: number } {
  const chain = chainIds(contents);
  const lacking = layers.map((layer, at) => ({ ...layer, id: chain[at] ?? '' })).filter(({ id }) => !unpacked.has(id));
  const sizes = new Map(lacking.map(({ digest, size }) => [digest, size])); // a layer that is there twice travels once
  return {
    chain: lacking.map(({ id }) => id),
    bytes: [...sizes.values()].reduce((sum, size) => sum + size, config.size),
  };
}

function wholeSize({ config, layers }: Manifest): number {
  return [...new Map(layers.map(({ digest, size }) => [digest, size])).values()].reduce(
    (sum, size) => sum + size,
    config.size,
  );
}

function pullFailed(node: string, name: string, output: string): HarnessError {
  return diskFullOr('LOAD', output, {
    message: `Node ${node} could not pull ${name} from the local registry.`,
    whenFull: `Node ${node} is out of disk space while loading ${name}.`,
    detail: tail(output),
    next: seeContainerdLog(node),
  });
}
