import { createRequire } from 'node:module';
import type { Duplex } from 'node:stream';
import type Dockerode from 'dockerode';
import { HarnessError, messageOf } from '../core/error.ts';
import { connectionOptions, routeTo, type Route } from '../endpoint/address.ts';
import { environmentFor, resolveEngine, socketPathOf, type EngineAddress } from '../endpoint/host.ts';
import { toDockerImage, type DockerImage, type InspectedImage } from './image.ts';
import { PATIENCE, watchAnswer, type Patience } from './patience.ts';
import { enginePlatform } from './platform.ts';
import { askSocket, upgradeSocket, type AskOptions, type Method, type SocketAnswer } from './socket.ts';

export type { DockerImage };

export interface EngineOptions {
  /** Ends every request that was sent before it. */
  signal?: AbortSignal | undefined;
  /** Default: `PATIENCE`. */
  patience?: Patience | undefined;
}

/** A client for the Docker engine. */
export class DockerEngine {
  readonly #address: EngineAddress;
  /** The environment in which programs find this engine and no other. */
  readonly environment: NodeJS.ProcessEnv;
  readonly #signal: AbortSignal | undefined;
  readonly #patience: Patience;
  #api: Dockerode | undefined;
  #platform: Promise<string> | undefined;
  #route: Route | undefined;
  /** Inspections in progress. Several images of a configuration often have the same base. */
  readonly #inspections = new Map<string, Promise<DockerImage | undefined>>();

  private constructor(env: NodeJS.ProcessEnv, { signal, patience }: EngineOptions) {
    this.#address = resolveEngine(env);
    this.environment = environmentFor(this.#address, env);
    this.#signal = signal;
    this.#patience = patience ?? PATIENCE;
  }

  /**
   * The engine that Docker's own client would use. Does not connect: the first request shows
   * whether the engine answers.
   */
  static of(env: NodeJS.ProcessEnv, options: EngineOptions = {}): DockerEngine {
    return new DockerEngine(env, options);
  }

  /**
   * The engine that Docker's own client would use, after it has answered.
   * @throws HarnessError DOCKER_DOWN
   */
  static async connect(env: NodeJS.ProcessEnv, options: EngineOptions = {}): Promise<DockerEngine> {
    const engine = DockerEngine.of(env, options);
    await engine.ask('GET', '/_ping');
    return engine;
  }

  /**
   * The whole API of the engine. Loaded on first use, because loading takes longer than a complete
   * check that finds nothing to do.
   */
  get api(): Dockerode {
    if (this.#api) return this.#api;
    const api = new (createRequire(import.meta.url)('dockerode') as typeof Dockerode)(connectionOptions(this.#address));
    const dial = api.modem.dial.bind(api.modem);
    api.modem.dial = (options, callback) => {
      const wait = this.#wait(options.abortSignal);
      dial({ ...options, abortSignal: wait.signal }, (error, answer) => {
        wait.end();
        callback?.(error === null || error === undefined ? error : (wait.failure() ?? error), answer);
      });
    };
    this.#api = api;
    return api;
  }

  /**
   * Sends one request to the engine and reads the whole answer, whatever its status. An interruption
   * of the run ends it, unless it is sent after the interruption, to clean up.
   * @param body sent as JSON
   * @throws HarnessError DOCKER_DOWN when it does not answer, INTERRUPTED
   */
  async ask(method: Method, path: string, body?: unknown, more: AskOptions = {}): Promise<SocketAnswer> {
    return this.#call(path, more.signal, (route, signal, heard) => {
      const onData = (chunk: Buffer) => {
        heard();
        more.onData?.(chunk);
      };
      return askSocket(route, method, path, body, { ...more, onData, signal });
    });
  }

  /**
   * Opens a connection that then speaks another protocol. @param headers which one, and for what
   * @returns the connection, or the engine's refusal
   * @throws HarnessError as `ask`
   */
  async upgrade(path: string, headers: Record<string, string>): Promise<Duplex | SocketAnswer> {
    return this.#call(path, undefined, (route, signal) => upgradeSocket(route, path, headers, signal));
  }

  async #call<T>(
    path: string,
    given: AbortSignal | undefined,
    send: (route: Route, signal: AbortSignal, heard: () => void) => Promise<T>,
  ): Promise<T> {
    const wait = this.#wait(given, path === '/_ping');
    try {
      this.#route ??= routeTo(this.#address);
      return await send(this.#route, wait.signal, wait.heard);
    } catch (error) {
      const failure = wait.failure();
      if (failure) throw failure;
      if (given?.aborted) throw error;
      throw this.#down(messageOf(error), error);
    } finally {
      wait.end();
    }
  }

  #down(problem: string, cause?: unknown): HarnessError {
    const where = this.#address.host ?? 'its default socket';
    return new HarnessError('DOCKER_DOWN', `Docker does not answer at ${where}: ${problem}.`, {
      next: 'Run `harness setup`: it starts Docker, installs it, or prints the commands to run.',
      cause,
    });
  }

  /** A wait for an answer: what ends it, and with which error it was ended. */
  #wait(given: AbortSignal | undefined, isPing = false) {
    const dead = new AbortController();
    let problem: string | undefined;
    const onDead = (what: string) => {
      problem = what;
      dead.abort();
    };
    const isCleanup = this.#signal?.aborted === true;
    const { pulse, ping } = this.#patience;
    const patience = { ...this.#patience, pulse: isPing ? ping : isCleanup ? Math.min(pulse, ping / 5) : pulse };
    const watch = watchAnswer(patience, () => (isPing ? Promise.resolve(false) : this.#lives()), onDead);
    const signals = [given, isCleanup ? undefined : this.#signal].filter((signal) => signal !== undefined);
    return {
      ...watch,
      signal: AbortSignal.any([dead.signal, ...signals]),
      failure: () => {
        if (problem !== undefined) return this.#down(problem);
        if (isCleanup || !this.#signal?.aborted) return undefined;
        return new HarnessError('INTERRUPTED', 'Interrupted while waiting for Docker.');
      },
    };
  }

  #lives(): Promise<boolean> {
    return this.ask('GET', '/_ping').then(
      () => true,
      () => false,
    );
  }

  /**
   * Like `ask`, for answers in JSON.
   * @returns undefined if the object does not exist, or if the name of the object is not valid
   * @throws Error with the engine's own message for any other refusal
   */
  async json<T>(method: 'GET' | 'POST', path: string, body?: unknown, more: AskOptions = {}): Promise<T | undefined> {
    const { status, body: text } = await this.ask(method, path, body, more);
    if (status === 404 || (status === 400 && method === 'GET')) return undefined;
    const answer = JSON.parse(text.toString('utf8')) as T & { message?: string };
    if (status >= 300) throw new Error(answer.message ?? `Docker answered ${status} to ${method} ${path}`);
    return answer;
  }

  /** The image with that reference or id; undefined if the engine has none. */
  image(reference: string): Promise<DockerImage | undefined> {
    const inspection =
      this.#inspections.get(reference) ??
      this.#inspectImage(reference).finally(() => this.#inspections.delete(reference));
    this.#inspections.set(reference, inspection);
    return inspection;
  }

  async #inspectImage(reference: string): Promise<DockerImage | undefined> {
    const path = reference.split('/').map(encodeURIComponent).join('/');
    const found = await this.json<InspectedImage>('GET', `/images/${path}/json?manifests=true`);
    return found && toDockerImage(found);
  }

  /**
   * The engine's platform in Docker's terms, such as `linux/arm64`: the default of builds and
   * containers, and the platform of the nodes. This process may run on another one, by emulation or
   * far from the engine.
   */
  platform(): Promise<string> {
    this.#platform ??= enginePlatform(this, socketPathOf(this.#address.host), this.environment).catch(
      (error: unknown) => {
        this.#platform = undefined; // the next caller asks again
        throw error;
      },
    );
    return this.#platform;
  }

  /** The engine's architecture in Docker's terms. */
  async architecture(): Promise<string> {
    return (await this.platform()).split('/')[1] as string;
  }

  /**
   * The containers, running or not, that have all of these labels.
   * @param label names, or `name=value`
   * @param more as for `ask`
   */
  async containersWith<T>(label: readonly string[], more: AskOptions = {}): Promise<T[]> {
    const filters = encodeURIComponent(JSON.stringify({ label }));
    return (await this.json<T[]>('GET', `/containers/json?all=true&filters=${filters}`, undefined, more)) ?? [];
  }

  /** Gives an image another reference. */
  async tag(id: string, reference: string): Promise<void> {
    const [repository = reference, tag = 'latest'] = splitTag(reference);
    await this.api.getImage(id).tag({ repo: repository, tag });
  }

  /** Whether the engine runs on this machine, so that its loopback addresses work here. */
  get isLocal(): boolean {
    return socketPathOf(this.#address.host) !== undefined;
  }
}

/** Splits off the tag. A colon before the last `/` belongs to a port. */
function splitTag(reference: string): string[] {
  const colon = reference.lastIndexOf(':');
  return colon > reference.lastIndexOf('/') ? [reference.slice(0, colon), reference.slice(colon + 1)] : [reference];
}

/** The engine's answer, or undefined if it is 404. */
export async function unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

function statusOf(error: unknown): number | undefined {
  const status = typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' ? status : undefined;
}
