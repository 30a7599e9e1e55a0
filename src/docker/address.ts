import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type Dockerode from 'dockerode';

const DEFAULT_SOCKET = '/var/run/docker.sock';

/**
 * The Unix socket of an engine, which need not exist; undefined if the engine has none. Docker
 * Desktop has its own below the home directory.
 * @param host as `dockerHost` finds it; undefined for the default
 */
export function socketPathOf(host: string | undefined): string | undefined {
  if (host !== undefined) return host.startsWith('unix://') ? host.slice('unix://'.length) : undefined;
  if (process.platform === 'win32') return undefined;
  const desktop = join(homedir(), '.docker', 'run', 'docker.sock');
  return !existsSync(DEFAULT_SOCKET) && existsSync(desktop) ? desktop : DEFAULT_SOCKET;
}

/** How dockerode reaches the engine at `host`. */
export function connectionOptions(host: string | undefined, env: NodeJS.ProcessEnv): Dockerode.DockerOptions {
  const socketPath = socketPathOf(host);
  if (socketPath !== undefined) return { socketPath };
  return host === undefined ? {} : networkOptions(host, env);
}

/** Reads `DOCKER_TLS_VERIFY` and `DOCKER_CERT_PATH` as Docker's own client does. */
function networkOptions(host: string, env: NodeJS.ProcessEnv): Dockerode.DockerOptions {
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
