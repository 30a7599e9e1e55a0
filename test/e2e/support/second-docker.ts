import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dockerClient } from '../../../src/docker/client.ts';
import { DockerEngine } from '../../../src/docker/engine.ts';
import { run, tryRun } from '../../../src/machine/process.ts';
import { HARNESS, type Start } from './command.ts';
import { eventually } from './tools.ts';

/** A Docker daemon for a test, isolated from the machine's own. */
export interface SecondDocker {
  engine: DockerEngine;
  /** How to start a `harness` that uses it. */
  start: Required<Start>;
  /** Runs a command of Docker's client and returns its output. */
  docker: (...args: string[]) => Promise<string>;
  /** Copies an image from the first daemon. */
  copy: (reference: string) => Promise<void>;
  /** Stops the daemon and all its containers. The caller removes its files. */
  stop: () => Promise<void>;
}

const NEEDED = [
  ['dockerd', '--version'],
  ['ip', '-Version'],
  ['unshare', '--version'],
  ['nsenter', '--version'],
] as const;

/** Why no second daemon can be started here; undefined if one can. */
export async function whyNoSecondDocker(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'runs only on Linux';
  if (process.getuid?.() !== 0) return 'runs only as root';
  for (const [program, argument] of NEEDED) {
    const answer = await tryRun([program, argument]).catch(() => undefined);
    if (answer?.exitCode !== 0) return `needs ${program}`;
  }
  return undefined;
}

/**
 * Runs in its own network and mount namespace, because a daemon removes bridges and rules that it
 * does not know, and looks for a containerd to share: here it finds none of the first daemon. Both
 * namespaces end with it, and so do its bridges and mounts.
 */
const START_SCRIPT = 'mount -t tmpfs tmpfs /run && ip link set lo up && exec dockerd "$@"';

/** Starts a daemon that keeps its files in a directory. */
export async function startSecondDocker(directory: string, settings: object): Promise<SecondDocker> {
  mkdirSync(directory, { recursive: true });
  const file = (name: string) => join(directory, name);
  writeFileSync(file('daemon.json'), JSON.stringify(settings));
  const host = `unix://${file('docker.sock')}`;
  const argv = ['--net', '--mount', '--propagation', 'slave', 'sh', '-c', START_SCRIPT, 'dockerd'];
  const places = ['--config-file', file('daemon.json'), '--data-root', file('data'), '--host', host];
  const log = openSync(file('log'), 'w');
  const daemon = spawn('unshare', [...argv, ...places], { stdio: ['ignore', log, log] });
  closeSync(log);
  const ended = new Promise((resolve) => daemon.once('close', resolve));
  const engine = DockerEngine.of({ DOCKER_HOST: host });
  const stop = async () => {
    daemon.kill('SIGTERM');
    await ended;
  };
  try {
    await eventually('the second daemon answers', () => {
      if (daemon.exitCode !== null) throw new Error(`It ended with exit code ${daemon.exitCode}.`);
      return engine.ask('GET', '/_ping').then(
        ({ status }) => status === 200,
        () => false,
      );
    });
  } catch (error) {
    await stop();
    throw new Error(`The second Docker daemon did not start:\n${readFileSync(file('log'), 'utf8')}`, { cause: error });
  }
  const client = await dockerClient(process.env);
  return {
    engine,
    // In the daemon's network, because its ports are published on the loopback of that network.
    start: { program: ['nsenter', `--target=${daemon.pid}`, '--net', '--', ...HARNESS], env: { DOCKER_HOST: host } },
    docker: async (...args) => (await run([client, '--host', host, ...args])).stdout.trim(),
    copy: async (reference) => {
      await run(['sh', '-c', '"$1" save "$3" | "$1" --host "$2" load', 'sh', client, host, reference]);
    },
    stop,
  };
}
