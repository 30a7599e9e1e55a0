import type { NodeContent } from '../containerd/content.ts';
import { HarnessError } from '../core/error.ts';
import type { DockerImage } from '../docker/engine.ts';

/** One image on its way. */
export interface Shipment {
  /** As Docker knows it. */
  reference: string;
  /** As the nodes shall know it, in full. */
  name: string;
  image: DockerImage;
}

/** Where it goes. */
export interface Destination {
  node: string;
  /**
   * The unpacked file systems that the node has, by their chain ids; undefined when that is not
   * known.
   */
  unpacked?: ReadonlySet<string>;
}

/** What travelled, in bytes. */
export interface Delivery {
  /** Into this node. */
  bytes: number;
  /** The whole image in the form in which it travels. */
  total: number;
  /** To the registry: once, for all nodes. */
  pushed?: number;
  /** The configuration's digest, where the way told it: what the node must have now. */
  digest?: string;
  /** Whether the node has noted the load already, see LOAD_RECORD. */
  isNoted?: boolean;
  /** What the node has after it, where it said so along with the delivery. */
  content?: NodeContent;
}

/** Brings an image into nodes, all at once. Registries and archives are ways to do it. */
export interface Transport {
  /**
   * Does what can be done of a shipment before there are nodes, where that is anything. Told or
   * not, and whatever comes of it, `send` does all that is due.
   */
  prepare?(shipment: Shipment, signal?: AbortSignal): Promise<void>;
  /**
   * @returns the deliveries by node; each ends by itself, and all of them must be awaited
   * @throws HarnessError LOAD, DISK_FULL, through the deliveries
   */
  send(shipment: Shipment, destinations: readonly Destination[], signal?: AbortSignal): Map<string, Promise<Delivery>>;
}

/**
 * A transport that hands to a second one what the first could not deliver. A full disk is full for
 * both, and an interruption is none of their faults.
 * @param onFallback told once for each shipment, with the nodes that are due again and the first
 * reason
 */
export function withFallback(
  first: Transport,
  second: Transport,
  onFallback: (nodes: string[], reason: unknown) => void,
): Transport {
  return {
    prepare: (shipment, signal) => first.prepare?.(shipment, signal) ?? Promise.resolve(),
    send(shipment, destinations, signal) {
      const tried = first.send(shipment, destinations, signal);
      const failures = Promise.all(
        destinations.map((to) => failureOf(tried.get(to.node), signal).then((reason) => ({ to, reason }))),
      );
      const again = failures.then((all) => {
        const due = all.filter(({ reason }) => reason !== undefined);
        if (due.length === 0) return new Map<string, Promise<Delivery>>();
        const nodes = due.map(({ to }) => to);
        onFallback(
          nodes.map(({ node }) => node),
          due[0]?.reason,
        );
        return second.send(shipment, nodes, signal);
      });
      const deliveries = [...tried].map(([node, delivery]) => {
        const either = delivery.catch(async (error: unknown) => {
          const retried = (await again).get(node);
          if (!retried) throw error;
          return retried;
        });
        return [node, either] as const;
      });
      return new Map(deliveries);
    },
  };
}

/** Why a delivery failed, if another way is worth a try. */
async function failureOf(delivery: Promise<Delivery> | undefined, signal: AbortSignal | undefined): Promise<unknown> {
  try {
    await delivery;
    return undefined;
  } catch (error) {
    return signal?.aborted || (error instanceof HarnessError && ['DISK_FULL', 'INTERRUPTED'].includes(error.code))
      ? undefined
      : error;
  }
}
