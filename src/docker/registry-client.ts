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
    options,
  );
  return exitCode === 0 ? undefined : tail(all, 1);
}

/** An image's configuration. The client prints one, or one for each platform. */
interface PrintedImage {
  config?: { Labels?: Record<string, string> | null };
}

/**
 * The labels of an image in its registry, without pulling it; undefined if the image does not exist
 * or the registry does not answer.
 */
export async function labelsInRegistry(
  reference: string,
  platform: string,
  options: ClientOptions,
): Promise<Record<string, string> | undefined> {
  const { exitCode, stdout } = await tryRun(
    [await dockerClient(options.env), 'buildx', 'imagetools', 'inspect', reference, '--format', '{{json .Image}}'],
    options,
  );
  if (exitCode !== 0) return undefined;
  try {
    const printed = JSON.parse(stdout) as (PrintedImage & Record<string, PrintedImage | undefined>) | null;
    return (printed?.config ?? printed?.[platform]?.config)?.Labels ?? undefined;
  } catch {
    return undefined; // not an image
  }
}
