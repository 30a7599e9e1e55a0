import type { IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import type Dockerode from 'dockerode';
import { HarnessError, messageOf } from '../core/error.ts';
import { connectionOptions, socketPathOf } from './address.ts';
import { dockerHost } from './host.ts';
import { toDockerImage, type DockerImage, type InspectedImage } from './image.ts';
import { enginePlatform } from './platform.ts';
import { askSocket, type AskOptions, type Method, type SocketAnswer } from './socket.ts';

export type { DockerImage };

/** The status codes of success. */
const SUCCESS = { 200: true, 201: true, 204: true };

/** A client for the Docker engine. */
export class DockerEngine {
  readonly #host: string | undefined;
  readonly #env: NodeJS.ProcessEnv;
  #api: Dockerode | undefined;
  #platform: Promise<string> | undefined;
  /** Inspections in progress. Several images of a configuration often have the same base. */
  readonly #inspections = new Map<string, Promise<DockerImage | undefined>>();

  private constructor(host: string | undefined, env: NodeJS.ProcessEnv) {
    this.#host = host;
    this.#env = env;
  }

  /**
   * The engine that Docker's own client would use. Does not connect: the first request shows
   * whether the engine answers.
   */
  static of(env: NodeJS.ProcessEnv): DockerEngine {
    return new DockerEngine(dockerHost(env), env);
  }

  /**
   * The engine that Docker's own client would use, after it has answered.
   * @throws HarnessError DOCKER_DOWN
   */
  static async connect(env: NodeJS.ProcessEnv): Promise<DockerEngine> {
    const engine = DockerEngine.of(env);
    await engine.ask('GET', '/_ping');
    return engine;
  }

  /**
   * The whole API of the engine. Loaded on first use, because loading takes longer than a complete
   * check that finds nothing to do.
   */
  get api(): Dockerode {
    this.#api ??= new (createRequire(import.meta.url)('dockerode') as typeof Dockerode)(
      connectionOptions(this.#host, this.#env),
    );
    return this.#api;
  }

  /**
   * Sends one request to the engine and reads the whole answer, whatever its status.
   * @param body sent as JSON
   * @param more only applies to a Unix socket; over a network no request takes long
   * @throws HarnessError DOCKER_DOWN when it does not answer
   */
  async ask(method: Method, path: string, body?: unknown, more: AskOptions = {}): Promise<SocketAnswer> {
    try {
      return await this.#ask(method, path, body, more);
    } catch (error) {
      if (more.signal?.aborted) throw error;
      throw new HarnessError(
        'DOCKER_DOWN',
        `Docker does not answer at ${this.#host ?? 'its default socket'}: ${messageOf(error)}.`,
        {
          next: 'Run `harness setup`: it starts Docker, installs it, or prints the commands to run.',
          cause: error,
        },
      );
    }
  }

  async #ask(method: Method, path: string, body: unknown, more: AskOptions): Promise<SocketAnswer> {
    const socket = socketPathOf(this.#host);
    if (socket !== undefined) return askSocket(socket, method, path, body, more);
    try {
      return {
        status: 200,
        ...(await this.#dial({ path, method, options: body ?? {}, isStream: true, statusCodes: SUCCESS })),
      };
    } catch (error) {
      const status = statusOf(error);
      if (status === undefined) throw error;
      return { status, headers: {}, body: Buffer.from(JSON.stringify({ message: messageOf(error) })) };
    }
  }

  /** Sends a request through dockerode, for an engine on the network. */
  #dial(options: Parameters<Dockerode['modem']['dial']>[0]): Promise<Omit<SocketAnswer, 'status'>> {
    return new Promise((resolve, reject) => {
      this.api.modem.dial(options, (error: unknown, stream: unknown) => {
        if (error) return reject(error instanceof Error ? error : new Error(messageOf(error)));
        const chunks: Buffer[] = [];
        const response = stream as IncomingMessage;
        response
          .on('data', (chunk: Buffer) => chunks.push(chunk))
          .on('error', reject)
          .on('end', () => resolve({ headers: response.headers, body: Buffer.concat(chunks) }));
      });
    });
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
    this.#platform ??= enginePlatform(this, socketPathOf(this.#host), this.#env).catch((error: unknown) => {
      this.#platform = undefined; // the next caller asks again
      throw error;
    });
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
    return socketPathOf(this.#host) !== undefined;
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
