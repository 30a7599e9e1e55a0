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
      // Certificates are checked against this name.
      ...('protocol' in route ? {} : { host: 'docker' }),
      ...more.headers,
      ...(json === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) }),
    };
    // Without a server name, Node checks whether the host is an IP address, with regular
    // expressions that take 5 ms to compile.
    const options = {
      ...('protocol' in route ? { ...route, protocol: `${route.protocol}:` } : route),
      method,
      path,
      headers,
      ...('protocol' in route ? {} : { servername: '' }),
      ...(more.signal ? { signal: more.signal } : {}),
    };
    const call = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      if (more.onData) response.on('data', more.onData);
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    call.on('error', reject);
    call.end(json, more.onSent);
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
