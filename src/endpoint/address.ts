import { readFileSync } from 'node:fs';
import type { Agent } from 'node:http';
import { join } from 'node:path';
import type Dockerode from 'dockerode';
import { socketPathOf, type EngineAddress, type TlsFiles } from './host.ts';
import { sshAgent } from './ssh.ts';

/** How a request reaches the engine, in the terms of `node:http`. */
export type Route = { socketPath: string } | NetworkRoute;

interface NetworkRoute {
  protocol: 'http' | 'https';
  host: string;
  port: number;
  agent: Agent;
}

/**
 * How to reach the engine, as Docker's own client does it: with the context's certificates, or
 * through the ssh program, which knows the user's keys and the hosts.
 * @throws Error if the address or a certificate is of no use
 */
export function routeTo(address: EngineAddress): Route {
  if (address.problem !== undefined) throw new Error(address.problem);
  const socketPath = socketPathOf(address.host);
  if (socketPath !== undefined) return { socketPath };
  if (address.host === undefined) return { socketPath: '//./pipe/docker_engine' };
  if (address.host.startsWith('npipe://')) return { socketPath: address.host.slice('npipe://'.length) };
  const url = new URL(address.host);
  if (url.protocol === 'ssh:') return { protocol: 'http', host: 'docker', port: 80, agent: sshAgent(url) };
  const isSecure = url.protocol === 'https:' || address.tls !== undefined;
  const host = url.hostname.replace(/^\[|\]$/g, '') || 'localhost';
  const port = Number(url.port) || (isSecure ? 2376 : 2375);
  return isSecure
    ? { protocol: 'https', host, port, agent: secureAgent(address.tls) }
    : { protocol: 'http', host, port, agent: new (process.getBuiltinModule('node:http').Agent)() };
}

function secureAgent(tls: TlsFiles | undefined): Agent {
  const { Agent } = process.getBuiltinModule('node:https');
  return new Agent({
    ...(tls && pem(tls, 'ca')),
    ...(tls && pem(tls, 'cert')),
    ...(tls && pem(tls, 'key')),
    rejectUnauthorized: tls?.verify ?? true,
  });
}

function pem({ directory }: TlsFiles, name: 'ca' | 'cert' | 'key') {
  try {
    return { [name]: readFileSync(join(directory, `${name}.pem`)) };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw error;
  }
}

/** How dockerode reaches the engine. */
export function connectionOptions(address: EngineAddress): Dockerode.DockerOptions {
  const route = routeTo(address);
  // dockerode's types allow only its own ssh agents, but it hands any agent on.
  return route;
}
