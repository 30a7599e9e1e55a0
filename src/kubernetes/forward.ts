import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { KubeConfig, V1EndpointSlice, V1Service } from '@kubernetes/client-node';
import { HarnessError } from '../core/error.ts';
import { seconds } from '../core/words.ts';
import type { KubeAccess } from './api.ts';
import { readyPod, servicePort, type ServicePort } from './judge-endpoints.ts';
import { WatchTimeout, watchUntil } from './watch.ts';

/** A port of a Service. */
export interface ForwardTarget {
  kube: KubeAccess;
  namespace: string;
  name: string;
  /** By name or number. Default: its only one, or the one named `http`. */
  port: string | number | undefined;
}

/** Milliseconds that a connection waits for a pod: as long as clients commonly do. */
const CONNECTION_PATIENCE = 30_000;

/**
 * Listens on loopback for a Service: every connection goes to a pod that is ready then, and waits
 * for one while none is.
 * @param over ends it
 * @returns the local port
 */
export async function forward(target: ForwardTarget, over: AbortSignal): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined); // the client has gone
    over.addEventListener('abort', () => socket.destroy(), { once: true });
    connect(target, socket, over).catch(() => socket.destroy());
  });
  over.addEventListener('abort', () => server.close(), { once: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/**
 * Waits until a Service leads to a pod that is ready.
 * @param but the uids of pods that did not take a connection
 */
export async function endpoint(
  { kube, namespace, name, port }: ForwardTarget,
  timeout: number,
  signal: AbortSignal,
  but: ReadonlySet<string> = new Set(),
): Promise<{ port: ServicePort; pod: string; uid: string; targetPort: number }> {
  const base = `namespaces/${namespace}`;
  const paths = { services: `/api/v1/${base}/services`, slices: `/apis/discovery.k8s.io/v1/${base}/endpointslices` };
  try {
    return await watchUntil(kube, { paths, timeout, signal }, ({ services, slices }) => {
      const service = services.find(({ metadata }) => metadata?.name === name) as V1Service | undefined;
      if (!service) return { state: 'pending', detail: 'there is no such Service' };
      const chosen = servicePort(service, port);
      const found = readyPod(name, chosen.name, slices as V1EndpointSlice[], but);
      return found
        ? { state: 'done', value: { port: chosen, ...found } }
        : { state: 'pending', detail: 'it leads to no pod that is ready' };
    });
  } catch (error) {
    if (!(error instanceof WatchTimeout)) throw error;
    throw new HarnessError(
      'DEPLOY',
      `The Service ${name} in the namespace ${namespace} cannot be reached after ${seconds(timeout)}.`,
      {
        detail: `last seen: ${error.message}`,
      },
    );
  }
}

/** What is used of a web socket, whose own types are not installed with the library. */
interface Channel {
  onclose: (() => void) | null;
  onerror: (() => void) | null;
  send: (data: Buffer) => void;
  close: () => void;
}

const DATA = 0;

/** Joins a connection with a pod that is ready; the next one where that pod has gone meanwhile. */
async function connect(target: ForwardTarget, socket: Socket, signal: AbortSignal): Promise<void> {
  // Not through the library's index, which takes half a second to load.
  const { WebSocketHandler } = await import('@kubernetes/client-node/dist/web-socket-handler.js');
  const handler = new WebSocketHandler(target.kube.config as KubeConfig); // as much of it as is used there
  const gone = new Set<string>();
  while (!socket.destroyed) {
    const { pod, uid, targetPort } = await endpoint(target, CONNECTION_PATIENCE, signal, gone);
    const begun = new Set<number>();
    const onData = (stream: number, data: Buffer) => {
      const isFirst = !begun.has(stream); // each stream begins with the port's number
      begun.add(stream);
      const content = isFirst ? data.subarray(2) : data;
      if (stream === DATA) socket.write(content);
      else if (content.length > 0) socket.destroy(); // the other one carries errors: nobody listens on that port
      return true;
    };
    const path = `/api/v1/namespaces/${target.namespace}/pods/${pod}/portforward?ports=${targetPort}`;
    const channel = await (handler.connect(path, null, onData) as Promise<Channel>).catch(() => undefined);
    if (!channel) {
      gone.add(uid);
      continue;
    }
    channel.onclose = () => socket.end();
    channel.onerror = () => socket.destroy();
    if (socket.destroyed) return channel.close();
    socket.on('close', () => channel.close());
    socket.on('data', (data: Buffer) => channel.send(Buffer.concat([Buffer.of(DATA), data])));
    return;
  }
}
