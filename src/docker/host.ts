import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Where the Docker engine listens, found as Docker's own client finds it: `DOCKER_HOST`, then
 * `DOCKER_CONTEXT`, then the current context of its configuration, then nothing (the default
 * socket). Source: "docker context" in Docker's command line reference.
 */
export function dockerHost(env: NodeJS.ProcessEnv): string | undefined {
  if (env['DOCKER_HOST']) return env['DOCKER_HOST'];
  const directory = env['DOCKER_CONFIG'] ?? join(homedir(), '.docker');
  const context =
    env['DOCKER_CONTEXT'] ?? readJson<{ currentContext?: string }>(join(directory, 'config.json'))?.currentContext;
  if (!context || context === 'default') return undefined;
  // Only here, and not at start-up, where it would cost 6 ms: few use contexts.
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
    return undefined; // absent or unreadable: Docker's client falls back to its default, and so do we
  }
}
