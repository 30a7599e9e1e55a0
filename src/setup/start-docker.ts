/** Starts an installed Docker engine and waits until it answers. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { HarnessError, messageOf } from '../core/error.ts';
import { DockerEngine } from '../docker/engine.ts';
import { run, tail } from '../machine/process.ts';
import { within } from '../machine/with-timeout.ts';
import type { StartDocker } from './plan.ts';

/** Milliseconds for the engine to answer. Usually it takes 6 s, on a slow disk longer. */
const START_TIMEOUT = 90_000;
/** Milliseconds for one request. */
const ANSWER_TIMEOUT = 10_000;
/** Milliseconds between two requests. */
const POLL = 200;
/**
 * Milliseconds to keep waiting after our dockerd has ended: another dockerd may have started first
 * and be about to answer.
 */
const GRACE = 5_000;
const LOG_FILE = '/var/log/kind-harness-dockerd.log';

/** A daemon that was started. */
interface Daemon {
  /** How it ended; undefined while it runs. */
  ending(): string | undefined;
  /** The last lines of its log. */
  logTail(): string;
}

/**
 * Starts the engine and waits until it answers.
 * @throws HarnessError DOCKER_DOWN if it does not answer in time, with the end of its log
 */
export async function startDocker(
  how: StartDocker,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
): Promise<void> {
  const daemon = how === 'systemctl' ? await startService(signal) : spawnDockerd(env);
  const deadline = Date.now() + START_TIMEOUT;
  let giveUp = deadline;
  for (;;) {
    const failure = await requestFailure(env);
    if (failure === undefined) return;
    if (signal?.aborted) throw new HarnessError('INTERRUPTED', 'Waiting for Docker was interrupted.');
    const ending = daemon.ending();
    if (ending !== undefined) giveUp = Math.min(giveUp, Date.now() + GRACE);
    if (Date.now() >= giveUp) {
      const reason =
        ending === undefined ? `It did not answer within ${START_TIMEOUT / 1000} s: ${failure}` : `dockerd ${ending}.`;
      throw new HarnessError('DOCKER_DOWN', `Docker could not be started. ${reason}`, {
        detail: daemon.logTail(),
        next:
          how === 'systemctl'
            ? 'See the log with `journalctl -u docker`, then run `systemctl start docker`.'
            : `See the log in ${LOG_FILE}. dockerd needs root, a writable cgroup file system and iptables.`,
      });
    }
    await sleep(POLL, undefined, signal ? { signal } : {}).catch(() => undefined); // the next iteration checks the signal
  }
}

/** Why a request to the engine fails; undefined if the engine answers. */
async function requestFailure(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  try {
    await within(ANSWER_TIMEOUT, DockerEngine.connect(env));
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

async function startService(signal: AbortSignal | undefined): Promise<Daemon> {
  await run(['systemctl', 'start', 'docker'], {
    code: 'DOCKER_DOWN',
    timeout: START_TIMEOUT,
    next: 'See the log with `journalctl -u docker`.',
    signal,
  });
  return { ending: () => undefined, logTail: () => '' };
}

/**
 * Does not use machine/process.ts, which waits until a program ends. This one outlives the harness
 * and has its own session, so that Ctrl-C in the terminal does not reach it. (`service docker
 * start` reports success without an init to supervise the daemon.)
 */
function spawnDockerd(env: NodeJS.ProcessEnv): Daemon {
  const log = openSync(LOG_FILE, 'w', 0o640);
  let ending: string | undefined;
  // With root's usual directories, because dockerd needs iptables and containerd from there.
  const path = `${env['PATH'] ?? ''}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
  const child = spawn('dockerd', [], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...env, PATH: path },
  });
  closeSync(log);
  child.once('error', (error) => (ending = `could not be run (${error.message})`));
  child.once('exit', (code, signal) => (ending = signal ? `was killed by ${signal}` : `ended with exit code ${code}`));
  child.unref();
  return { ending: () => ending, logTail: () => tail(readFileSync(LOG_FILE, 'utf8')) };
}
