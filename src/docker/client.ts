import { HarnessError } from '../core/error.ts';
import { findOnPath } from '../machine/executable.ts';
import { tryRun } from '../machine/process.ts';

/** Milliseconds for a client to name its version. */
const VERSION_TIMEOUT = 60_000;

/** Clients that were found or are being looked for, by the PATH. */
const clients = new Map<string | undefined, Promise<string>>();

/**
 * The first `docker` on the PATH that has buildx. A client without plugins may come before the one
 * that has them.
 * @throws HarnessError TOOL_MISSING when there is none
 */
export function dockerClient(env: NodeJS.ProcessEnv): Promise<string> {
  const path = env['PATH'];
  const client =
    clients.get(path) ??
    findClient(env).catch((error: unknown) => {
      clients.delete(path); // it may be installed before the next call
      throw error;
    });
  clients.set(path, client);
  return client;
}

async function findClient(env: NodeJS.ProcessEnv): Promise<string> {
  for (const candidate of findOnPath('docker', env)) {
    if ((await tryRun([candidate, 'buildx', 'version'], { baseEnv: env, timeout: VERSION_TIMEOUT })).exitCode === 0)
      return candidate;
  }
  throw new HarnessError('TOOL_MISSING', 'No Docker client with buildx was found on the PATH.', {
    next: 'Run `harness doctor` to see what is missing, or `harness setup` to install it.',
  });
}
