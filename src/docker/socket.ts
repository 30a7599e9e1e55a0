/**
 * An `import` of this module reads all its exports, among them getters that load a whole WebSocket
 * library: 25 ms, which is more than a check of 10,000 files.
 */
const { request } = process.getBuiltinModule('node:http');

export type Headers = Record<string, string | string[] | undefined>;

/** What the engine answered. */
export interface SocketAnswer {
  status: number;
  headers: Headers;
  body: Buffer;
}

export type Method = 'GET' | 'HEAD' | 'POST' | 'DELETE';

export interface AskOptions {
  headers?: Record<string, string>;
  /** Breaks the call off; the engine then stops what it does for it. */
  signal?: AbortSignal;
  /** Called with each piece of the answer as it comes. */
  onData?: (piece: Buffer) => void;
  /** Called when all of it has been handed to the socket. */
  onSent?: () => void;
}

/**
 * One call to the engine over its Unix socket. For the few questions that every run asks: dockerode
 * is loaded for everything else, and loading it takes longer than all of these together.
 */
export function askSocket(
  socketPath: string,
  method: Method,
  path: string,
  send?: unknown,
  more: AskOptions = {},
): Promise<SocketAnswer> {
  return new Promise((resolve, reject) => {
    const body = send === undefined ? undefined : JSON.stringify(send);
    const headers = {
      host: 'docker',
      ...more.headers,
      ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    };
    // Without a server name Node would look whether the host is an address, with expressions that
    // take 5 ms to compile.
    const options = {
      socketPath,
      method,
      path,
      headers,
      servername: '',
      ...(more.signal ? { signal: more.signal } : {}),
    };
    const sent = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      if (more.onData) response.on('data', more.onData);
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    sent.on('error', reject);
    sent.end(body, more.onSent);
  });
}

/**
 * The two outputs of a program in a container, taken apart: each frame has a header of stream
 * number and length.
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
