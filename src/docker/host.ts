import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * The address of the Docker engine, in the same order as in Docker's own client: `DOCKER_HOST`,
 * `DOCKER_CONTEXT`, the current context of its configuration. Undefined for the default socket.
 * Source: "docker context" in Docker's command line reference.
 */
export function dockerHost(env: NodeJS.ProcessEnv): string | undefined {
  if (env['DOCKER_HOST']) return env['DOCKER_HOST'];
  const directory = env['DOCKER_CONFIG'] ?? join(homedir(), '.docker');
  const context =
    env['DOCKER_CONTEXT'] ?? readJson<{ currentContext?: string }>(join(directory, 'config.json'))?.currentContext;
  if (!context || context === 'default') return undefined;
  // Loaded here and not at start-up, where it would take 6 ms: few users have contexts.
  const { createHash } = process.getBuiltinModule('node:crypto');
  const id = createHash('sha256').update(context).digest('hex');
  const meta = readJson<{ Endpoints?: { docker?: { Host?: string } } }>(
    join(directory, 'contexts', 'meta', id, 'meta.json'),
  );
  return meta?.Endpoints?.docker?.Host;
}

function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch {
    return undefined; // missing or unreadable: use the default, as Docker's client does
  }
}
