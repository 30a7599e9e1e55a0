/**
 * Finds out which tools this machine has, and changes nothing. The probes are independent, so they
 * run in parallel.
 */
import { existsSync, statfsSync } from 'node:fs';
import { readAptSources } from '../apt/sources.ts';
import { versionIn } from '../core/version.ts';
import { findOnPath } from '../machine/executable.ts';
import { observePlatform, type Platform } from '../machine/platform.ts';
import { tryRun } from '../machine/process.ts';
import { observeEngine } from './observe-engine.ts';
import type { Apt, DockerClient, ObservedTools, Program } from './observed.ts';

/** Milliseconds for a tool to print its version. */
const PROBE_TIMEOUT = 20_000;

/**
 * What is installed and running here.
 * @param env has the PATH and Docker's settings
 */
export async function observeTools(env: NodeJS.ProcessEnv): Promise<ObservedTools> {
  const platform = observePlatform();
  const [just, git, kind, go, dockerClients, engine, apt] = await Promise.all([
    program('just', ['--version'], env),
    program('git', ['--version'], env),
    program('kind', ['version'], env),
    program('go', ['version'], env),
    Promise.all(findOnPath('docker', env).map((path) => dockerClient(path))),
    observeEngine(env, daemfindOnPath(platform, env), freeBytes),
    observeApt(platform),
  ]);
  const debootstrap = findOnPath('debootstrap', env, ['/usr/sbin'])[0];
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

async function program(name: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Program | undefined> {
  const path = findOnPath(name, env)[0];
  return path === undefined ? undefined : { path, version: await version([path, ...args]) };
}

async function dockerClient(path: string): Promise<DockerClient> {
  const [client, buildx, compose] = await Promise.all([
    version([path, '--version']),
    version([path, 'buildx', 'version']),
    version([path, 'compose', 'version']),
  ]);
  return { path, version: client, buildx, compose };
}

async function version(argv: readonly [string, ...string[]]): Promise<string | undefined> {
  try {
    const { exitCode, stdout } = await tryRun(argv, { timeout: PROBE_TIMEOUT });
    return exitCode === 0 ? versionIn(stdout) : undefined;
  } catch {
    return undefined; // it hangs or cannot be started: there is no usable version
  }
}

function daemfindOnPath(platform: Platform, env: NodeJS.ProcessEnv): string | undefined {
  const desktop = '/Applications/Docker.app';
  if (platform.os === 'darwin' && existsSync(desktop)) return desktop;
  return findOnPath('dockerd', env, ['/usr/sbin', '/usr/local/sbin'])[0]; // not on the PATH of users other than root
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
    return undefined; // the engine runs on another machine
  }
}
