import { existsSync, readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type Dockerode from 'dockerode';
import { HarnessError, messageOf } from '../core/error.ts';
import { dockerHost } from './host.ts';
import { askSocket, type AskOptions, type Method, type SocketAnswer } from './socket.ts';

/** What the engine says about one of its images. */
export interface DockerImage {
  /**
   * The engine's own id: the configuration's digest with overlay2, the manifest's or index's with
   * the containerd store.
   */
  id: string;
  /**
   * With the containerd store, what an index has for the engine's platform: with attestations, each
   * build of the same is another index.
   */
  manifest?: string;
  tags: string[];
  /** As the image says; may be the epoch or nonsense, see `SOURCE_DATE_EPOCH`. */
  created: Date;
  /** Bytes. */
  size: number;
  labels: Record<string, string>;
  /** Whether the engine keeps it in containerd: its id is then not the one that nodes know. */
  inContainerd: boolean;
  /** Digests of its layers' contents, lowest first: the same in every store. */
  layers: string[];
}

/**
 * What is read of the engine's answer about an image. Only the containerd store has a descriptor to
 * tell (API 1.48 and later).
 */
interface InspectedImage {
  Id: string;
  RepoTags?: string[] | null;
  Created: string;
  Size: number;
  Config: { Labels?: Record<string, string> | null };
  Descriptor?: unknown;
  Manifests?: { ID: string; ImageData?: { Platform: { os?: string; architecture?: string } } }[] | null;
  /** Of several platforms, the engine's. */
  Os: string;
  Architecture: string;
  RootFS?: { Layers?: string[] | null };
  GraphDriver?: { Name?: string } | null;
}

/** The name under which earlier engines tell that store; its elder is called overlay2. */
const CONTAINERD_SNAPSHOTTER = 'overlayfs';

/** Answers that are none of refusal. */
const GOOD = { 200: true, 201: true, 204: true };

const DEFAULT_SOCKET = '/var/run/docker.sock';

/** The Docker engine behind its socket. */
export class DockerEngine {
  readonly #host: string | undefined;
  readonly #env: NodeJS.ProcessEnv;
  #api: Dockerode | undefined;
  /** Images that are being asked for: several of a configuration are often built from the same. */
  readonly #askedImages = new Map<string, Promise<DockerImage | undefined>>();

  private constructor(host: string | undefined, env: NodeJS.ProcessEnv) {
    this.#host = host;
    this.#env = env;
  }

  /**
   * The engine that Docker's own client would use. Whether it answers is seen when it is first
   * asked.
   */
  static of(env: NodeJS.ProcessEnv): DockerEngine {
    return new DockerEngine(dockerHost(env), env);
  }

  /**
   * The same, once it has answered.
   * @throws HarnessError DOCKER_DOWN
   */
  static async connect(env: NodeJS.ProcessEnv): Promise<DockerEngine> {
    const engine = DockerEngine.of(env);
    await engine.ask('GET', '/_ping');
    return engine;
  }

  /**
   * All of the engine's API. Loaded when first used, because that takes longer than a whole check
   * that finds nothing to do.
   */
  get api(): Dockerode {
    this.#api ??= new (createRequire(import.meta.url)('dockerode') as typeof Dockerode)(this.#options());
    return this.#api;
  }

  /**
   * One question to the engine, answered whole, whatever the status.
   * @param more for the socket only: over a network nothing is asked that takes long
   * @throws HarnessError DOCKER_DOWN when it does not answer
   */
  async ask(method: Method, path: string, send?: unknown, more: AskOptions = {}): Promise<SocketAnswer> {
    try {
      return await this.#ask(method, path, send, more);
    } catch (error) {
      if (more.signal?.aborted) throw error;
      throw new HarnessError(
        'DOCKER_DOWN',
        `Docker does not answer at ${this.#host ?? 'its default socket'}: ${messageOf(error)}.`,
        {
          next: 'Start Docker (`harness setup` starts it where it may), or install it with `harness setup`.',
          cause: error,
        },
      );
    }
  }

  async #ask(method: Method, path: string, send: unknown, more: AskOptions): Promise<SocketAnswer> {
    const socket = this.#socket();
    if (socket !== undefined) return askSocket(socket, method, path, send, more);
    try {
      return {
        status: 200,
        ...(await this.#dial({ path, method, options: send ?? {}, isStream: true, statusCodes: GOOD })),
      };
    } catch (error) {
      const status = statusOf(error);
      if (status === undefined) throw error;
      return { status, headers: {}, body: Buffer.from(JSON.stringify({ message: messageOf(error) })) };
    }
  }

  /** Through dockerode, for engines that are reached over a network. */
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
   * As `ask`, for answers in JSON; undefined where there is no such thing, or could not be one by
   * that name.
   * @throws Error with the engine's own words for any other refusal
   */
  async json<T>(method: 'GET' | 'POST', path: string, send?: unknown, more: AskOptions = {}): Promise<T | undefined> {
    const { status, body } = await this.ask(method, path, send, more);
    if (status === 404 || (status === 400 && method === 'GET')) return undefined;
    const answer = JSON.parse(body.toString('utf8')) as T & { message?: string };
    if (status >= 300) throw new Error(answer.message ?? `Docker answered ${status} to ${method} ${path}`);
    return answer;
  }

  /** The image of that reference or id, or undefined when the engine has none. */
  image(reference: string): Promise<DockerImage | undefined> {
    const asked =
      this.#askedImages.get(reference) ??
      this.#inspectImage(reference).finally(() => this.#askedImages.delete(reference));
    this.#askedImages.set(reference, asked);
    return asked;
  }

  async #inspectImage(reference: string): Promise<DockerImage | undefined> {
    const path = reference.split('/').map(encodeURIComponent).join('/');
    const found = await this.json<InspectedImage>('GET', `/images/${path}/json?manifests=true`);
    const fits = ({ os, architecture }: { os?: string; architecture?: string } = {}) =>
      os === found?.Os && architecture === found?.Architecture;
    const [manifest, ...variants] = found?.Manifests?.filter(({ ImageData }) => fits(ImageData?.Platform)) ?? [];
    return (
      found && {
        id: found.Id,
        ...(manifest && variants.length === 0 ? { manifest: manifest.ID } : {}),
        tags: found.RepoTags ?? [],
        created: new Date(found.Created),
        size: found.Size,
        labels: found.Config.Labels ?? {},
        inContainerd: found.Descriptor !== undefined || found.GraphDriver?.Name === CONTAINERD_SNAPSHOTTER,
        layers: found.RootFS?.Layers ?? [],
      }
    );
  }

  /** The engine's architecture, as Docker calls it: that of the nodes. */
  async architecture(): Promise<string> {
    return (await this.json<{ Arch: string }>('GET', '/version'))?.Arch ?? 'amd64';
  }

  /**
   * The containers, running or not, that have all of these labels, each a name or `name=value`.
   * @param more for the socket only, as for `ask`
   */
  async containersWith<T>(label: readonly string[], more: AskOptions = {}): Promise<T[]> {
    const filters = encodeURIComponent(JSON.stringify({ label }));
    return (await this.json<T[]>('GET', `/containers/json?all=true&filters=${filters}`, undefined, more)) ?? [];
  }

  /** Gives an image a further reference. */
  async tag(id: string, reference: string): Promise<void> {
    const [repository = reference, tag = 'latest'] = splitTag(reference);
    await this.api.getImage(id).tag({ repo: repository, tag });
  }

  /**
   * Whether the engine runs on this machine, so that its loopback addresses are reached from here.
   */
  get isLocal(): boolean {
    return this.#socket() !== undefined;
  }

  /**
   * The Unix socket, where it is one; it need not be there. Docker Desktop has its own below the
   * home directory.
   */
  #socket(): string | undefined {
    if (this.#host !== undefined)
      return this.#host.startsWith('unix://') ? this.#host.slice('unix://'.length) : undefined;
    if (process.platform === 'win32') return undefined;
    const desktop = join(homedir(), '.docker', 'run', 'docker.sock');
    return !existsSync(DEFAULT_SOCKET) && existsSync(desktop) ? desktop : DEFAULT_SOCKET;
  }

  #options(): Dockerode.DockerOptions {
    const socketPath = this.#socket();
    if (socketPath !== undefined) return { socketPath };
    return this.#host === undefined ? {} : hostOptions(this.#host, this.#env);
  }
}

/** A port is not a tag: that stands behind the last `/`. */
function splitTag(reference: string): string[] {
  const colon = reference.lastIndexOf(':');
  return colon > reference.lastIndexOf('/') ? [reference.slice(0, colon), reference.slice(colon + 1)] : [reference];
}

/** The engine's answer, or undefined where it is "404: no such thing". */
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

/** `DOCKER_TLS_VERIFY` and `DOCKER_CERT_PATH` as Docker's own client reads them. */
function hostOptions(host: string, env: NodeJS.ProcessEnv): Dockerode.DockerOptions {
  const url = new URL(host);
  if (url.protocol === 'ssh:')
    return { protocol: 'ssh', host: url.hostname, username: url.username, port: url.port || 22 };
  const secure = url.protocol === 'https:' || Boolean(env['DOCKER_TLS_VERIFY']);
  const address = {
    protocol: secure ? ('https' as const) : ('http' as const),
    host: url.hostname,
    port: url.port || (secure ? 2376 : 2375),
  };
  if (!secure) return address;
  const directory = env['DOCKER_CERT_PATH'] ?? join(homedir(), '.docker');
  const pem = (name: string) => readFileSync(join(directory, `${name}.pem`));
  return { ...address, ca: pem('ca'), cert: pem('cert'), key: pem('key') };
}
