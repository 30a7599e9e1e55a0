import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Route } from '../endpoint/address.ts';

/**
 * Not imported: `import` reads all exports of this module, and some of them are getters that load a
 * whole WebSocket library. That takes 25 ms, more than a check of 10,000 files.
 */
const { request } = process.getBuiltinModule('node:http');

export type Headers = Record<string, string | string[] | undefined>;

/** The engine's answer to a request. */
export interface SocketAnswer {
  status: number;
  headers: Headers;
  body: Buffer;
}

export type Method = 'GET' | 'HEAD' | 'POST' | 'DELETE';

export interface AskOptions {
  headers?: Record<string, string>;
  /** Aborts the request. The engine then stops its work for it. */
  signal?: AbortSignal | undefined;
  /** Called with each chunk of the answer. */
  onData?: (chunk: Buffer) => void;
  /** Called when the whole request has been written to the socket. */
  onSent?: (() => void) | undefined;
}

/**
 * Sends one request to the engine. Used for the few requests of every run:
 * everything else uses dockerode, and loading that takes longer than all of these requests.
 */
export function askSocket(
  route: Route,
  method: Method,
  path: string,
  body?: unknown,
  more: AskOptions = {},
): Promise<SocketAnswer> {
  return new Promise((resolve, reject) => {
    const json = body === undefined ? undefined : JSON.stringify(body);
    const headers = {
      ...more.headers,
      ...(json === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) }),
    };
    const call = request(requestOptions(route, method, path, headers, more.signal), (response) => {
      if (more.onData) response.on('data', more.onData);
      readAnswer(response).then(resolve, reject);
    });
    call.on('error', reject);
    call.end(json, more.onSent);
  });
}

/**
 * Asks the engine to speak another protocol on this connection from now on.
 * @returns the connection, or the engine's refusal
 */
export function upgradeSocket(
  route: Route,
  path: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<Duplex | SocketAnswer> {
  return new Promise((resolve, reject) => {
    const options = requestOptions(route, 'POST', path, { ...headers, connection: 'Upgrade' }, undefined);
    const call = request(options, (response) => void readAnswer(response).then(resolve, reject));
    // The signal ends the request only: a connection that was handed over is its owner's.
    const abort = () => call.destroy(signal.reason instanceof Error ? signal.reason : undefined);
    signal.addEventListener('abort', abort, { once: true });
    call.on('upgrade', (_, socket, head) => {
      signal.removeEventListener('abort', abort);
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    call.on('error', reject);
    call.end();
    if (signal.aborted) abort();
  });
}

function requestOptions(
  route: Route,
  method: Method,
  path: string,
  headers: Record<string, string | number>,
  signal: AbortSignal | undefined,
) {
  const isNetwork = 'protocol' in route;
  return {
    ...(isNetwork ? { ...route, protocol: `${route.protocol}:` } : route),
    method,
    path,
    // Certificates are checked against this name.
    headers: { ...(isNetwork ? {} : { host: 'docker' }), ...headers },
    // Without a server name, Node checks whether the host is an IP address, with regular
    // expressions that take 5 ms to compile.
    ...(isNetwork ? {} : { servername: '' }),
    ...(signal ? { signal } : {}),
  };
}

function readAnswer(response: IncomingMessage): Promise<SocketAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', reject);
    response.on('end', () =>
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
    );
  });
}

/**
 * Separates the two outputs of a program in a container. Each frame has a header with its stream
 * number and its length.
 */
export function splitOutputs(frames: Buffer): { stdout: string; stderr: string } {
  const parts: Record<number, Buffer[]> = {};
  for (let at = 0; at + HEADER <= frames.length;) {
    const length = frames.readUInt32BE(at + 4);
    (parts[frames.readUInt8(at)] ??= []).push(frames.subarray(at + HEADER, at + HEADER + length));
    at += HEADER + length;
  }
  const text = (stream: number) => Buffer.concat(parts[stream] ?? []).toString('utf8');
  return { stdout: text(1), stderr: text(2) };
}

const HEADER = 8;
