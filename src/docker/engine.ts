import type { IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import type Dockerode from 'dockerode';
import { HarnessError, messageOf } from '../core/error.ts';
import { connectionOptions, socketPathOf } from './address.ts';
import { dockerHost } from './host.ts';
import { askSocket, type AskOptions, type Method, type SocketAnswer } from './socket.ts';

/** An image in the engine's store. */
export interface DockerImage {
  /**
   * The engine's own id. With overlay2 it is the digest of the configuration, with the containerd
   * store that of the manifest or index.
   */
  id: string;
  /**
   * With the containerd store, the manifest in an index that is for the engine's platform. With
   * attestations, every build has a new index, even if nothing changed.
   */
  manifest?: string;
  tags: string[];
  /** As the image claims. It may be the epoch or nonsense, see `SOURCE_DATE_EPOCH`. */
  created: Date;
  /** Bytes. */
  size: number;
  labels: Record<string, string>;
  /** Whether it is in the containerd store. Its id is then not the one that nodes know. */
  inContainerd: boolean;
  /** Digests of its layers' contents, lowest first. They are the same in every store. */
  layers: string[];
  /** The digests under which registries have it, as far as known. */
  repoDigests: string[];
  /** Instructions that run in a build `FROM` it. */
  onBuild: string[];
}

/**
 * The part of the engine's answer about an image that is used here. Only the containerd store
 * returns a descriptor (API 1.48 and later).
 */
interface InspectedImage {
  Id: string;
  RepoTags?: string[] | null;
  RepoDigests?: string[] | null;
  Created: string;
  Size: number;
  Config: { Labels?: Record<string, string> | null; OnBuild?: string[] | null };
  Descriptor?: unknown;
  Manifests?: { ID: string; ImageData?: { Platform: { os?: string; architecture?: string } } }[] | null;
  /** For an image of several platforms, the engine's. */
  Os: string;
  Architecture: string;
  RootFS?: { Layers?: string[] | null };
  GraphDriver?: { Name?: string } | null;
}

/** How earlier engines name the containerd store. The older store is called overlay2. */
const CONTAINERD_SNAPSHOTTER = 'overlayfs';

/** The status codes of success. */
const SUCCESS = { 200: true, 201: true, 204: true };

/** A client for the Docker engine. */
export class DockerEngine {
  readonly #host: string | undefined;
  readonly #env: NodeJS.ProcessEnv;
  #api: Dockerode | undefined;
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
    const isForEngine = ({ os, architecture }: { os?: string; architecture?: string } = {}) =>
      os === found?.Os && architecture === found?.Architecture;
    const [manifest, ...otherVariants] =
      found?.Manifests?.filter(({ ImageData }) => isForEngine(ImageData?.Platform)) ?? [];
    return (
      found && {
        id: found.Id,
        ...(manifest && otherVariants.length === 0 ? { manifest: manifest.ID } : {}),
        tags: found.RepoTags ?? [],
        created: new Date(found.Created),
        size: found.Size,
        labels: found.Config.Labels ?? {},
        inContainerd: found.Descriptor !== undefined || found.GraphDriver?.Name === CONTAINERD_SNAPSHOTTER,
        layers: found.RootFS?.Layers ?? [],
        repoDigests: (found.RepoDigests ?? []).map((name) => name.slice(name.indexOf('@') + 1)),
        onBuild: found.Config.OnBuild ?? [],
      }
    );
  }

  /** The engine's architecture in Docker's terms. The nodes have the same. */
  async architecture(): Promise<string> {
    return (await this.json<{ Arch: string }>('GET', '/version'))?.Arch ?? 'amd64';
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
