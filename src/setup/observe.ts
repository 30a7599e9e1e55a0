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
 * @throws HarnessError INTERRUPTED
 */
export async function observeTools(env: NodeJS.ProcessEnv, signal?: AbortSignal): Promise<ObservedTools> {
  const platform = observePlatform();
  const [just, git, kind, go, dockerClients, engine, apt] = await Promise.all([
    program('just', ['--version'], env, signal),
    program('git', ['--version'], env, signal),
    program('kind', ['version'], env, signal),
    program('go', ['version'], env, signal),
    Promise.all(findOnPath('docker', env).map((path) => dockerClient(path, signal))),
    observeEngine(env, daemonProgram(platform, env), freeBytes, signal),
    observeApt(platform, signal),
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

async function program(
  name: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
): Promise<Program | undefined> {
  const path = findOnPath(name, env)[0];
  return path === undefined ? undefined : { path, version: await version([path, ...args], signal) };
}

async function dockerClient(path: string, signal: AbortSignal | undefined): Promise<DockerClient> {
  const [client, buildx, compose] = await Promise.all([
    version([path, '--version'], signal),
    version([path, 'buildx', 'version'], signal),
    version([path, 'compose', 'version'], signal),
  ]);
  return { path, version: client, buildx, compose };
}

async function version(
  argv: readonly [string, ...string[]],
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  try {
    const { exitCode, stdout } = await tryRun(argv, { timeout: PROBE_TIMEOUT, signal });
    return exitCode === 0 ? versionIn(stdout) : undefined;
  } catch (error) {
    if (signal?.aborted) throw error;
    return undefined; // it hangs or cannot be started: there is no usable version
  }
}

function daemonProgram(platform: Platform, env: NodeJS.ProcessEnv): string | undefined {
  const desktop = '/Applications/Docker.app';
  if (platform.os === 'darwin' && existsSync(desktop)) return desktop;
  return findOnPath('dockerd', env, ['/usr/sbin', '/usr/local/sbin'])[0]; // not on the PATH of users other than root
}

async function observeApt(platform: Platform, signal: AbortSignal | undefined): Promise<Apt | undefined> {
  if (!['debian', 'ubuntu'].includes(platform.distribution?.id ?? '')) return undefined;
  const format = '${Package} ${db:Status-Status}\n';
  const argv = ['dpkg-query', '-W', '-f', format, 'docker-ce', 'docker-ce-cli'] as const;
  const query = await tryRun(argv, { timeout: PROBE_TIMEOUT, signal });
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
