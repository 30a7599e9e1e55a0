import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeConfig, V1EndpointSlice, V1Service } from '@kubernetes/client-node';
import { HarnessError } from '../core/error.ts';
import { seconds } from '../core/words.ts';
import type { KubeAccess } from './api.ts';
import { ForwardedData, type Channel } from './forward-data.ts';
import { readyPod, servicePort, type ServicePort } from './judge-endpoints.ts';
import { WatchTimeout, watchUntil } from './watch.ts';

/** A port of a Service. */
export interface ForwardTarget {
  kube: KubeAccess;
  namespace: string;
  name: string;
  /** By name or number. Default: the only port, or the one named `http`. */
  port: string | number | undefined;
}

/** Milliseconds that a connection waits for a pod: a common timeout of clients. */
const CONNECT_TIMEOUT = 30_000;

/** Milliseconds for the API server to open a channel to a pod. */
const CHANNEL_TIMEOUT = 10_000;

/**
 * Listens on loopback and forwards each connection to a Service's pod that is ready at that time,
 * or waits for one.
 * @param signal ends the forwarding and its connections
 * @returns the local port
 */
export async function forward(target: ForwardTarget, signal: AbortSignal): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined); // the client closed the connection
    const end = () => socket.destroy();
    signal.addEventListener('abort', end, { once: true });
    socket.once('close', () => signal.removeEventListener('abort', end));
    connect(target, socket, signal).catch(end);
  });
  signal.addEventListener('abort', () => server.close(), { once: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/**
 * Waits until a Service has a ready pod.
 * @param unreachable the uids of pods that refused a connection
 */
export async function endpoint(
  { kube, namespace, name, port }: ForwardTarget,
  timeout: number,
  signal: AbortSignal,
  unreachable: ReadonlySet<string> = new Set(),
): Promise<{ port: ServicePort; pod: string; uid: string; targetPort: number }> {
  const base = `namespaces/${namespace}`;
  const paths = { services: `/api/v1/${base}/services`, slices: `/apis/discovery.k8s.io/v1/${base}/endpointslices` };
  try {
    return await watchUntil(kube, { paths, timeout, signal }, ({ services, slices }) => {
      const service = services.find(({ metadata }) => metadata?.name === name) as V1Service | undefined;
      if (!service) return { state: 'pending', detail: 'the Service does not exist' };
      const chosen = servicePort(service, port);
      const found = readyPod(name, chosen.name, slices as V1EndpointSlice[], unreachable);
      return found
        ? { state: 'done', value: { port: chosen, ...found } }
        : { state: 'pending', detail: 'it has no ready pod' };
    });
  } catch (error) {
    if (!(error instanceof WatchTimeout)) throw error;
    throw new HarnessError(
      'DEPLOY',
      `Service ${name} in namespace ${namespace} is not reachable after ${seconds(timeout)}.`,
      {
        detail: `last seen: ${error.message}`,
      },
    );
  }
}

/** Connects a socket to a ready pod; tries the next pod if that one is gone by now, or does not answer. */
async function connect(target: ForwardTarget, socket: Socket, signal: AbortSignal): Promise<void> {
  // The library's index takes half a second to load.
  const { WebSocketHandler } = await import('@kubernetes/client-node/dist/web-socket-handler.js');
  const handler = new WebSocketHandler(target.kube.config as KubeConfig); // has the part that is used there
  const data = new ForwardedData(socket);
  const unreachable = new Set<string>();
  while (!socket.destroyed) {
    const { pod, uid, targetPort } = await endpoint(target, CONNECT_TIMEOUT, signal, unreachable);
    const path = `/api/v1/namespaces/${target.namespace}/pods/${pod}/portforward?ports=${targetPort}`;
    data.restart();
    const channel = await openInTime(handler.connect(path, null, data.receive) as Promise<Channel>);
    if (channel) return data.open(channel);
    unreachable.add(uid);
  }
}

/**
 * @param timeout milliseconds
 * @returns undefined if the channel cannot be opened, or not in time; it is closed if that happens later
 */
export async function openInTime(opening: Promise<Channel>, timeout = CHANNEL_TIMEOUT): Promise<Channel | undefined> {
  const isOver = new AbortController();
  const channel = await Promise.race([
    opening.catch(() => undefined),
    sleep(timeout, undefined, { signal: isOver.signal }).catch(() => undefined),
  ]);
  isOver.abort();
  if (!channel) {
    opening.then(
      (late) => late.close(),
      () => undefined,
    );
  }
  return channel;
}
