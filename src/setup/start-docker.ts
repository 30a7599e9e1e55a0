/** Starts an installed Docker engine and waits until it answers. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { HarnessError, messageOf } from '../core/error.ts';
import { DockerEngine } from '../docker/engine.ts';
import { run, tail } from '../machine/process.ts';
import { within } from '../machine/with-timeout.ts';
import type { StartDocker } from './plan.ts';

/**
 * Milliseconds that the engine gets to answer; 6 s is usual, the first start on a slow disk takes
 * longer.
 */
const START_TIMEOUT = 90_000;
/** Milliseconds that one question gets. */
const ANSWER_TIMEOUT = 10_000;
/** Milliseconds between two questions. */
const POLL = 200;
/**
 * Milliseconds that a dockerd which ended gets all the same: another one may have been quicker, and
 * holds the place.
 */
const GRACE = 5_000;
const LOG_FILE = '/var/log/kind-harness-dockerd.log';

/** A daemon that was started: tells whether it is still there, and its last words. */
interface Daemon {
  ended(): string | undefined;
  lastWords(): string;
}

/**
 * Starts the engine and returns once it answers.
 * @throws HarnessError DOCKER_DOWN when it does not in time, with the end of its log.
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
    const silence = await silenceOf(env);
    if (silence === undefined) return;
    if (signal?.aborted) throw new HarnessError('INTERRUPTED', 'Waiting for Docker was interrupted.');
    const ended = daemon.ended();
    if (ended !== undefined) giveUp = Math.min(giveUp, Date.now() + GRACE);
    if (Date.now() >= giveUp) {
      const seen =
        ended === undefined ? `It did not answer within ${START_TIMEOUT / 1000} s: ${silence}` : `dockerd ${ended}.`;
      throw new HarnessError('DOCKER_DOWN', `Docker could not be started. ${seen}`, {
        detail: daemon.lastWords(),
        next:
          how === 'systemctl'
            ? 'Look at `journalctl -u docker`, and start it with `systemctl start docker`.'
            : `Look at ${LOG_FILE}. dockerd needs root, a writable cgroup file system and iptables.`,
      });
    }
    await sleep(POLL, undefined, signal ? { signal } : {}).catch(() => undefined); // the next round sees the signal
  }
}

/** What the engine says instead of an answer; undefined when it answers. */
async function silenceOf(env: NodeJS.ProcessEnv): Promise<string | undefined> {
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
    next: 'Look at `journalctl -u docker`.',
    ...(signal === undefined ? {} : { signal }),
  });
  return { ended: () => undefined, lastWords: () => '' };
}

/**
 * Not through drivers/process.ts, which waits for a program's end: this one outlives the harness,
 * in a session of its own, so that Ctrl-C in the terminal does not reach it. (`service docker
 * start` reports success without an init to look after it.)
 */
function spawnDockerd(env: NodeJS.ProcessEnv): Daemon {
  const log = openSync(LOG_FILE, 'w', 0o640);
  let end: string | undefined;
  // The usual directories of root: dockerd needs iptables and containerd from there, whatever the
  // user's PATH is.
  const path = `${env['PATH'] ?? ''}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
  const child = spawn('dockerd', [], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...env, PATH: path },
  });
  closeSync(log);
  child.once('error', (error) => (end = `could not be run (${error.message})`));
  child.once('exit', (code, signal) => (end = signal ? `was ended by ${signal}` : `ended with exit code ${code}`));
  child.unref();
  return { ended: () => end, lastWords: () => tail(readFileSync(LOG_FILE, 'utf8')) };
}
