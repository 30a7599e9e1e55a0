import type { NodeContent } from '../containerd/content.ts';
import { HarnessError } from '../core/error.ts';
import type { DockerImage } from '../docker/engine.ts';

/** An image to load into nodes. */
export interface LoadRequest {
  /** Its name in Docker. */
  reference: string;
  /** The full name that it gets in the nodes. */
  name: string;
  image: DockerImage;
}

/** A node to load an image into. */
export interface TargetNode {
  node: string;
  /** Chain ids of the file systems that the node has unpacked; undefined if unknown. */
  unpacked?: ReadonlySet<string> | undefined;
}

/** What a transfer to one node moved, in bytes. */
export interface TransferResult {
  /** What the node received. */
  bytes: number;
  /** The size of the whole image in the form in which it is sent. */
  total: number;
  /** What Docker pushed to the registry, once for all nodes. */
  pushed?: number;
  /** The configuration's digest, if the transport learned it: the node must have it now. */
  digest?: string | undefined;
  /** Whether the load is already in the node's `LOAD_RECORD`. */
  isRecorded?: boolean;
  /** What the node has now, if the transport read it. */
  content?: NodeContent;
}

/** Loads an image into all nodes at once. */
export interface Transport {
  /**
   * Does the part of a load that needs no nodes, if there is one. It is optional: without it, or if
   * it fails, `send` does all the work.
   */
  prepare?(request: LoadRequest, signal?: AbortSignal): Promise<void>;
  /**
   * @returns the transfers by node; each one ends on its own, and all must be awaited
   * @throws HarnessError LOAD, DISK_FULL, through the transfers
   */
  send(
    request: LoadRequest,
    targets: readonly TargetNode[],
    signal?: AbortSignal,
  ): Map<string, Promise<TransferResult>>;
}

/**
 * A transport that uses a second one for the nodes for which the first one failed. It does not do
 * so after an interruption or when the disk is full, because then the second would fail, too.
 * @param onFallback called once for each image with the failed nodes and the first error
 */
export function withFallback(
  first: Transport,
  second: Transport,
  onFallback: (nodes: string[], error: unknown) => void,
): Transport {
  return {
    prepare: (request, signal) => first.prepare?.(request, signal) ?? Promise.resolve(),
    send(request, targets, signal) {
      const attempts = first.send(request, targets, signal);
      const outcomes = Promise.all(
        targets.map(async (target) => ({ target, error: await errorToRetry(attempts.get(target.node), signal) })),
      );
      const retries = outcomes.then((all) => {
        const failed = all.filter(({ error }) => error !== undefined);
        if (failed.length === 0) return new Map<string, Promise<TransferResult>>();
        onFallback(
          failed.map(({ target }) => target.node),
          failed[0]?.error,
        );
        return second.send(
          request,
          failed.map(({ target }) => target),
          signal,
        );
      });
      const transfers = [...attempts].map(([node, attempt]) => {
        const transfer = attempt.catch(async (error: unknown) => {
          const retry = (await retries).get(node);
          if (!retry) throw error;
          return retry;
        });
        return [node, transfer] as const;
      });
      return new Map(transfers);
    },
  };
}

/** The error of a transfer, if another transport may succeed. */
async function errorToRetry(
  transfer: Promise<TransferResult> | undefined,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  try {
    await transfer;
    return undefined;
  } catch (error) {
    const isFinal = error instanceof HarnessError && ['DISK_FULL', 'INTERRUPTED'].includes(error.code);
    return signal?.aborted || isFinal ? undefined : error;
  }
}
