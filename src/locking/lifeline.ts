import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { DockerEngine } from '../docker/engine.ts';

/**
 * A connection to the engine with a name that no second one can have at the same time. It ends with
 * this process, however that ends, and so shows everybody who can reach the engine whether the
 * process still runs. The engine notices the end within five seconds.
 */
export interface Lifeline {
  /** Whether the connection broke at some time, for instance because the engine was restarted. */
  wasBroken: () => boolean;
  close: () => void;
}

/** Milliseconds between the attempts to open a broken connection again. */
const REOPEN_MS = 1_000;

/**
 * Milliseconds until this process answers the engine's questions on the connection. The engine waits
 * much longer for that, and the module takes time to load, which a short run need not spend.
 */
const ANSWER_MS = 1_000;

/** What a build's client opens as well. The engine then checks every five seconds that it lives. */
const HEADERS = { upgrade: 'h2c', 'x-docker-expose-session-name': 'kind-harness' };

/**
 * Opens a connection with that name.
 * @returns `taken` if another process has one, or had one within the last five seconds; `unsupported`
 * if this engine has no such connections
 */
export async function openLifeline(engine: DockerEngine, name: string): Promise<Lifeline | 'taken' | 'unsupported'> {
  const first = await connect(engine, name);
  if (typeof first === 'string') return first;
  const state = { isClosed: false, wasBroken: false, socket: first };
  const reopen = async (): Promise<void> => {
    const again = await connect(engine, name).catch(() => 'taken' as const);
    if (typeof again === 'string') return later();
    if (state.isClosed) again.destroy();
    else watch(again);
  };
  const later = () => {
    if (!state.isClosed) setTimeout(() => void reopen(), REOPEN_MS).unref();
  };
  const watch = (socket: Duplex) => {
    state.socket = socket;
    answerChecks(socket, () => state.isClosed);
    socket.once('close', () => {
      if (state.isClosed) return;
      state.wasBroken = true;
      void reopen();
    });
  };
  watch(first);
  return {
    wasBroken: () => state.wasBroken,
    close: () => {
      state.isClosed = true;
      state.socket.destroy();
    },
  };
}

async function connect(engine: DockerEngine, name: string): Promise<Duplex | 'taken' | 'unsupported'> {
  const answer = await engine.upgrade('/session', { ...HEADERS, 'x-docker-expose-session-uuid': name });
  if (!('status' in answer)) return answer;
  return answer.status === 400 && answer.body.includes('already exists') ? 'taken' : 'unsupported';
}

/** Answers the engine's health checks: gRPC, with always the same answer. */
function answerChecks(socket: Duplex, isClosed: () => boolean): void {
  socket.on('error', () => undefined); // `close` follows
  (socket as Partial<Socket>).unref?.(); // a pipe to an ssh program has none
  setTimeout(() => {
    if (isClosed() || socket.destroyed) return;
    const session = process.getBuiltinModule('node:http2').performServerHandshake(socket);
    session.on('error', () => undefined);
    session.on('stream', (stream) => {
      stream.on('error', () => undefined);
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.resume();
      stream.end(SERVING);
    });
    session.unref();
  }, ANSWER_MS).unref();
}

/** A gRPC message of two bytes: the status is SERVING. */
const SERVING = Buffer.from([0, 0, 0, 0, 2, 8, 1]);
