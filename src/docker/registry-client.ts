import { tail, tryRun } from '../machine/process.ts';
import { dockerClient } from './client.ts';

/**
 * How Docker's client is run for a registry. It is asked, and not the engine, because it has the
 * user's credentials.
 */
export interface ClientOptions {
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
}

/**
 * Pulls an image.
 * @param platform where it is not to be Docker's own
 * @returns why it could not be had; undefined when it is there now
 */
export async function pullImage(
  reference: string,
  platform: string | undefined,
  options: ClientOptions,
): Promise<string | undefined> {
  const which = platform === undefined ? [] : ['--platform', platform];
  const { exitCode, all } = await tryRun(
    [await dockerClient(options.env), 'pull', '--quiet', ...which, reference],
    options,
  );
  return exitCode === 0 ? undefined : tail(all, 1);
}

/**
 * As the client shows an image's configuration: of one platform, or by platform where it is for
 * several.
 */
interface ShownImage {
  config?: { Labels?: Record<string, string> | null };
}

/**
 * The labels of an image in its registry, without pulling it; undefined where there is none or it
 * cannot be asked.
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
    const shown = JSON.parse(stdout) as (ShownImage & Record<string, ShownImage | undefined>) | null;
    return (shown?.config ?? shown?.[platform]?.config)?.Labels ?? undefined;
  } catch {
    return undefined; // not an image
  }
}
