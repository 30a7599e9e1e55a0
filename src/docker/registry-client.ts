import { tail, tryRun } from '../machine/process.ts';
import { dockerClient } from './client.ts';

/**
 * How to run Docker's client for a registry. The engine cannot be used, because only the client has
 * the user's credentials.
 */
export interface ClientOptions {
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
}

/** Milliseconds. The client prints nothing meanwhile. */
const PULL_TIMEOUT = 3_600_000;

/**
 * Pulls an image.
 * @param platform undefined for Docker's default
 * @returns why the pull failed; undefined on success
 */
export async function pullImage(
  reference: string,
  platform: string | undefined,
  options: ClientOptions,
): Promise<string | undefined> {
  const platformArgs = platform === undefined ? [] : ['--platform', platform];
  const { exitCode, all } = await tryRun(
    [await dockerClient(options.env), 'pull', '--quiet', ...platformArgs, reference],
    { baseEnv: options.env, signal: options.signal, timeout: PULL_TIMEOUT, keepStdout: false },
  );
  return exitCode === 0 ? undefined : tail(all, 1);
}

const INSPECT_TIMEOUT = 120_000;

/** An image's configuration. The client prints one, or one for each platform. */
interface PrintedImage {
  config?: { Labels?: Record<string, string> | null };
  /** The first instruction first. */
  history?: { created_by?: string }[] | null;
}

/** What an image in a registry says about itself. */
export interface RegistryImage {
  labels: Record<string, string>;
  /** The instructions that made it, the last one first. */
  history: string[];
}

/**
 * The labels and the history of an image in its registry, without pulling it; undefined if the
 * image does not exist or the registry does not answer.
 */
export async function imageInRegistry(
  reference: string,
  platform: string,
  options: ClientOptions,
): Promise<RegistryImage | undefined> {
  const { exitCode, stdout } = await tryRun(
    [await dockerClient(options.env), 'buildx', 'imagetools', 'inspect', reference, '--format', '{{json .Image}}'],
    { baseEnv: options.env, signal: options.signal, timeout: INSPECT_TIMEOUT },
  );
  if (exitCode !== 0) return undefined;
  try {
    const printed = JSON.parse(stdout) as (PrintedImage & Record<string, PrintedImage | undefined>) | null;
    const image = printed?.config ? printed : printed?.[platform];
    const history = (image?.history ?? []).map((entry) => entry.created_by ?? '');
    return image && { labels: image.config?.Labels ?? {}, history: history.reverse() };
  } catch {
    return undefined; // not an image
  }
}
