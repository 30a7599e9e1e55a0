import { chainIds } from '../containerd/chain-ids.ts';
import { seeContainerdLog } from '../containerd/see-log.ts';
import { HarnessError } from '../core/error.ts';
import type { DockerEngine } from '../docker/engine.ts';
import { diskFullOr } from '../machine/disk-full.ts';
import { tail } from '../machine/process.ts';
import type { Manifest } from '../registry/client.ts';
import { NODE_HOST, REPOSITORY, type Registry } from '../registry/registry.ts';
import { pullInNode } from './pull-in-node.ts';
import { layersSize, pushToRegistry, type PushedImage } from './push-to-registry.ts';
import type { LoadRequest, TargetNode, TransferResult, Transport } from './transport.ts';

/**
 * Milliseconds that a pull of any size may take: containerd itself aborts after 5 min without data.
 */
const PULL_LIMIT = 600_000;
/**
 * Bytes per millisecond that are added to the limit: less than 1 MB/s means that something is
 * wrong.
 */
const SLOWEST = 1000;

/**
 * Loads through the local registry: Docker pushes the layers that the registry lacks, once, and
 * each node pulls the layers that it lacks.
 */
export class RegistryTransport implements Transport {
  readonly #engine: DockerEngine;
  readonly #registry: Registry;
  readonly #architecture: string;
  /** Chain ids that each node has or is about to pull. */
  readonly #layersInNodes = new Map<string, Set<string>>();
  /** The last load of each image, by the engine's id. */
  readonly #lastLoads = new Map<string, Promise<unknown>>();
  /** Images that `prepare` pushed and no load has used yet, by the engine's id. */
  readonly #prepared = new Map<string, Promise<PushedImage>>();

  /** @param architecture of the nodes, as Docker calls it */
  constructor(engine: DockerEngine, registry: Registry, architecture: string) {
    this.#engine = engine;
    this.#registry = registry;
    this.#architecture = architecture;
  }

  async prepare(request: LoadRequest, signal?: AbortSignal): Promise<void> {
    const { id } = request.image;
    const push = this.#prepared.get(id) ?? this.#push(request, signal);
    this.#prepared.set(id, push);
    await push;
  }

  send(
    request: LoadRequest,
    targets: readonly TargetNode[],
    signal?: AbortSignal,
  ): Map<string, Promise<TransferResult>> {
    const { id } = request.image;
    // Two loads of one image at the same time would remove each other's temporary names.
    const previous = this.#lastLoads.get(id) ?? Promise.resolve();
    const stored = previous.then(() => this.#stored(request, signal));
    const pulls = new Map(targets.map((target) => [target.node, this.#pull(stored, request, target, signal)]));
    this.#lastLoads.set(id, Promise.allSettled(pulls.values()));
    return pulls;
  }

  #push(request: LoadRequest, signal: AbortSignal | undefined): Promise<PushedImage> {
    return pushToRegistry(this.#engine, this.#registry, request, this.#architecture, signal);
  }

  /** Uses what `prepare` pushed, but only once: its bytes are reported by one load. */
  async #stored(request: LoadRequest, signal: AbortSignal | undefined): Promise<PushedImage> {
    const { id } = request.image;
    const prepared = await this.#prepared.get(id)?.catch((error: unknown) => {
      if (error instanceof HarnessError && error.code === 'DISK_FULL') throw error; // the registry was removed
      return undefined;
    });
    this.#prepared.delete(id);
    return prepared ?? this.#push(request, signal);
  }

  async #pull(
    stored: Promise<PushedImage>,
    { name, image }: LoadRequest,
    { node, unpacked }: TargetNode,
    signal: AbortSignal | undefined,
  ): Promise<TransferResult> {
    const { digest, manifest, pushed } = await stored;
    const { config, layers } = manifest;
    const present = this.#layersInNodes.get(node) ?? new Set(unpacked);
    this.#layersInNodes.set(node, present);
    const missing = missingLayers(manifest, image.layers, present);
    missing.chain.forEach((id) => present.add(id)); // for the loads of other images that follow
    const order = {
      node,
      registry: this.#registry,
      reference: `${NODE_HOST}/${REPOSITORY}@${digest}`,
      name,
      id: config.digest,
      limit: PULL_LIMIT + Math.ceil(missing.bytes / SLOWEST),
    };
    const { content, output } = await pullInNode(this.#engine, order, signal);
    if (!content) throw pullError(node, name, output);
    const total = config.size + layersSize(layers);
    return { bytes: missing.bytes, total, pushed, digest: config.digest, isRecorded: true, content };
  }
}

/** The layers that a node will fetch: those that it has not unpacked. */
export function missingLayers(
  { config, layers }: Manifest,
  contents: readonly string[],
  unpacked: ReadonlySet<string>,
): { chain: string[]; bytes: number } {
  const chain = chainIds(contents);
  const missing = layers.map((layer, at) => ({ ...layer, id: chain[at] ?? '' })).filter(({ id }) => !unpacked.has(id));
  return { chain: missing.map(({ id }) => id), bytes: config.size + layersSize(missing) };
}

function pullError(node: string, name: string, output: string): HarnessError {
  return diskFullOr('LOAD', output, {
    message: `Node ${node} could not pull ${name} from the local registry.`,
    whenFull: `Node ${node} is out of disk space while loading ${name}.`,
    detail: tail(output),
    next: seeContainerdLog(node),
  });
}
