import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where the engine is, and how to know that it is the right one. */
export interface EngineAddress {
  /** With its scheme: `unix://`, `tcp://`, `ssh://`. Undefined for the default socket. */
  host: string | undefined;
  /** The name of Docker's context that the address comes from. */
  context?: string;
  /** Only with TLS. */
  tls?: TlsFiles;
  /** Why there is no address, as a sentence. */
  problem?: string;
}

/** The certificates for an engine. */
export interface TlsFiles {
  /** Contains `ca.pem`, `cert.pem` and `key.pem`, as far as they are needed. */
  directory: string;
  /** Whether the engine's certificate is checked. */
  verify: boolean;
}

/** The part of a context's description that is used here. */
interface ContextMeta {
  Endpoints?: { docker?: { Host?: string; SkipTLSVerify?: boolean } };
}

/**
 * The engine that Docker's own client would use: that of `DOCKER_HOST`, `DOCKER_CONTEXT`, or the
 * current context of its configuration. An empty variable counts as unset. Sources: "docker
 * context" in Docker's command line reference; `resolveContextName` in docker/cli.
 */
export function resolveEngine(env: NodeJS.ProcessEnv): EngineAddress {
  const directory = env['DOCKER_CONFIG'] || join(homedir(), '.docker');
  const tls = tlsOfEnvironment(env, directory);
  if (env['DOCKER_HOST']) return { host: withScheme(env['DOCKER_HOST']), ...tls };
  const context =
    env['DOCKER_CONTEXT'] || readJson<{ currentContext?: string }>(join(directory, 'config.json'))?.currentContext;
  if (!context || context === 'default') return { host: tls.tls ? 'tcp://localhost:2376' : undefined, ...tls };
  return engineOfContext(context, join(directory, 'contexts'));
}

/** The address of the engine; undefined for the default socket. */
export function dockerHost(env: NodeJS.ProcessEnv): string | undefined {
  return resolveEngine(env).host;
}

/**
 * The environment in which every program finds this engine and no other. A context stays a context,
 * because buildx remembers the chosen builder, and so its cache, by the context's name.
 */
export function environmentFor({ host, context, problem }: EngineAddress, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = { ...env, KIND_EXPERIMENTAL_PROVIDER: 'docker' };
  if (problem !== undefined) return kept;
  const without = (...names: string[]) =>
    Object.fromEntries(Object.entries(kept).filter(([name]) => !names.includes(name)));
  if (context !== undefined) {
    return {
      ...without('DOCKER_HOST', 'DOCKER_TLS', 'DOCKER_TLS_VERIFY', 'DOCKER_CERT_PATH'),
      DOCKER_CONTEXT: context,
    };
  }
  const socket = socketPathOf(host);
  if (host === undefined && socket === undefined) return { ...without('DOCKER_HOST'), DOCKER_CONTEXT: 'default' };
  return { ...without('DOCKER_CONTEXT'), DOCKER_HOST: host ?? `unix://${socket}` };
}

const DEFAULT_SOCKET = '/var/run/docker.sock';

/**
 * The Unix socket of an engine, which need not exist; undefined if the engine has none. Docker
 * Desktop has its own below the home directory.
 * @param host as `dockerHost` finds it; undefined for the default
 */
export function socketPathOf(host: string | undefined): string | undefined {
  if (host !== undefined)
    return host.startsWith('unix://') ? host.slice('unix://'.length) || DEFAULT_SOCKET : undefined;
  if (process.platform === 'win32') return undefined;
  const desktop = join(homedir(), '.docker', 'run', 'docker.sock');
  return !existsSync(DEFAULT_SOCKET) && existsSync(desktop) ? desktop : DEFAULT_SOCKET;
}

function engineOfContext(context: string, contexts: string): EngineAddress {
  // Loaded here and not at start-up, where it would take 6 ms: few users have contexts.
  const { createHash } = process.getBuiltinModule('node:crypto');
  const id = createHash('sha256').update(context).digest('hex');
  const endpoint = readJson<ContextMeta>(join(contexts, 'meta', id, 'meta.json'))?.Endpoints?.docker;
  if (!endpoint) return { host: undefined, problem: `Docker has no context named ${context}` };
  const directory = join(contexts, 'tls', id, 'docker');
  const verify = endpoint.SkipTLSVerify !== true;
  const isSecure = existsSync(directory) || !verify;
  return {
    host: endpoint.Host === undefined ? undefined : withScheme(endpoint.Host),
    context,
    ...(isSecure ? { tls: { directory, verify } } : {}),
  };
}

function tlsOfEnvironment(env: NodeJS.ProcessEnv, configuration: string): { tls?: TlsFiles } {
  const verify = Boolean(env['DOCKER_TLS_VERIFY']);
  if (!verify && !env['DOCKER_TLS']) return {};
  return { tls: { directory: env['DOCKER_CERT_PATH'] || configuration, verify } };
}

/** An address without a scheme is one of TCP. */
function withScheme(host: string): string {
  return host.includes('://') ? host : `tcp://${host}`;
}

function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch {
    return undefined; // missing or unreadable: use the default, as Docker's client does
  }
}
