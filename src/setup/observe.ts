/**
 * Looks at the tools of this machine and changes nothing. Every probe is on its own, so they run
 * side by side.
 */
import { existsSync, realpathSync, statfsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { readAptSources } from '../apt/sources.ts';
import { isExecutable } from '../machine/executable.ts';
import { observePlatform, type Platform } from '../machine/platform.ts';
import { tryRun } from '../machine/process.ts';
import { observeEngine } from './observe-engine.ts';
import type { Apt, DockerClient, ObservedTools, Program } from './observed.ts';
import { versionIn } from './versions.ts';

/** Milliseconds that a tool gets to tell its version. */
const PROBE_TIMEOUT = 20_000;

/**
 * What is installed and running here.
 * @param env where the PATH and Docker's settings are read.
 */
export async function observeTools(env: NodeJS.ProcessEnv): Promise<ObservedTools> {
  const platform = observePlatform();
  const [just, git, kind, go, dockerClients, engine, apt] = await Promise.all([
    program('just', ['--version'], env),
    program('git', ['--version'], env),
    program('kind', ['version'], env),
    program('go', ['version'], env),
    Promise.all(onPath('docker', env).map((path) => dockerClient(path))),
    observeEngine(env, daemonPath(platform, env), freeBytes),
    observeApt(platform),
  ]);
  const debootstrap = onPath('debootstrap', env, ['/usr/sbin'])[0];
  return {
    platform,
    node: process.versions.node,
    just,
    git,
    kind,
    go,
    debootstrap: debootstrap === undefined ? undefined : { path: debootstrap, version: undefined },
    dockerClients,
    engine,
    apt,
  };
}

/**
 * The files that `name` may mean, first match first; one that is only a link to another stands
 * there once.
 */
export function onPath(name: string, env: NodeJS.ProcessEnv, more: readonly string[] = []): string[] {
  const found = new Map<string, string>();
  for (const directory of [...(env['PATH'] ?? '').split(delimiter), ...more]) {
    const path = join(directory, name);
    if (!directory || !isExecutable(path)) continue;
    const real = realpathSync(path);
    if (!found.has(real)) found.set(real, path);
  }
  return [...found.values()];
}

async function program(name: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Program | undefined> {
  const path = onPath(name, env)[0];
  return path === undefined ? undefined : { path, version: await version([path, ...args]) };
}

async function dockerClient(path: string): Promise<DockerClient> {
  const [own, buildx, compose] = await Promise.all([
    version([path, '--version']),
    version([path, 'buildx', 'version']),
    version([path, 'compose', 'version']),
  ]);
  return { path, version: own, buildx, compose };
}

async function version(argv: readonly [string, ...string[]]): Promise<string | undefined> {
  try {
    const { exitCode, stdout } = await tryRun(argv, { timeout: PROBE_TIMEOUT });
    return exitCode === 0 ? versionIn(stdout) : undefined;
  } catch {
    return undefined; // it hangs or cannot be started: whoever asked learns that there is no usable version
  }
}

function daemonPath(platform: Platform, env: NodeJS.ProcessEnv): string | undefined {
  const desktop = '/Applications/Docker.app';
  if (platform.os === 'darwin' && existsSync(desktop)) return desktop;
  return onPath('dockerd', env, ['/usr/sbin', '/usr/local/sbin'])[0]; // a plain user's PATH lacks these
}

async function observeApt(platform: Platform): Promise<Apt | undefined> {
  if (!['debian', 'ubuntu'].includes(platform.distribution?.id ?? '')) return undefined;
  const query = await tryRun([
    'dpkg-query',
    '-W',
    '-f',
    '${Package} ${db:Status-Status}\n',
    'docker-ce',
    'docker-ce-cli',
  ]);
  return { sources: readAptSources(), dockerCe: / installed$/m.test(query.stdout) };
}

function freeBytes(directory: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize;
  } catch {
    return undefined; // the engine runs in another machine
  }
}
