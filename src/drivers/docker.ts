import Dockerode from 'dockerode';
import { HarnessError, messageOf } from '../model/error.ts';
import { dockerHost } from './docker-host.ts';

/** What the engine says about one of its images. */
export interface DockerImage {
  /** The engine's own id: the configuration's digest with overlay2, the manifest's or index's with the containerd store. */
  id: string;
  tags: string[];
  /** As the image says; may be the epoch or nonsense, see `SOURCE_DATE_EPOCH`. */
  created: Date;
  /** Bytes. */
  size: number;
  labels: Record<string, string>;
}

/** The Docker engine behind its socket. */
export class DockerEngine {
  readonly api: Dockerode;

  private constructor(api: Dockerode) {
    this.api = api;
  }

  /**
   * Connects to the engine that Docker's own client would use.
   * @throws HarnessError DOCKER_DOWN when it does not answer.
   */
  static async connect(env: NodeJS.ProcessEnv): Promise<DockerEngine> {
    const host = dockerHost(env);
    const api = new Dockerode(host?.startsWith('unix://') ? { socketPath: host.slice('unix://'.length) } : host ? hostOptions(host) : {});
    try {
      await api.ping();
    } catch (error) {
      throw new HarnessError('DOCKER_DOWN', `Docker does not answer at ${host ?? 'its default socket'}: ${messageOf(error)}.`, {
        next: 'Start Docker (`harness setup` starts it where it may), or install it with `harness setup`.',
        cause: error,
      });
    }
    return new DockerEngine(api);
  }

  /** The image of that reference or id, or undefined when the engine has none. */
  async image(reference: string): Promise<DockerImage | undefined> {
    const found = await unlessMissing(this.api.getImage(reference).inspect());
    return (
      found && {
        id: found.Id,
        tags: found.RepoTags ?? [],
        created: new Date(found.Created),
        size: found.Size,
        labels: found.Config.Labels ?? {},
      }
    );
  }
}

/** Whether the engine keeps its images in containerd: its ids are then not those that nodes know. */
export async function usesContainerdStore(engine: DockerEngine): Promise<boolean> {
  const info = (await engine.api.info()) as { DriverStatus?: [string, string][] | null };
  return (info.DriverStatus ?? []).some(([, value]) => value.startsWith('io.containerd.snapshotter.'));
}

/** The engine's answer, or undefined where it is "404: no such thing". */
export async function unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'statusCode' in error && error.statusCode === 404) return undefined;
    throw error;
  }
}

function hostOptions(host: string): Dockerode.DockerOptions {
  const url = new URL(host);
  if (url.protocol === 'ssh:') return { protocol: 'ssh', host: url.hostname, username: url.username, port: url.port || 22 };
  return { protocol: url.protocol === 'https:' ? 'https' : 'http', host: url.hostname, port: url.port || 2375 };
}
