import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { cleanEnvironment, HARNESS } from './command.ts';

/** A run that was killed, and the plain run right after it. */
export interface KillRound {
  /** Milliseconds from the start to the kill. */
  moment: number;
  killed: 'the harness' | 'its process group';
  /** What it had begun last. */
  stage: string;
  /** Why the next run did not pass; undefined if it did. */
  failure: string | undefined;
}

export interface KillOptions {
  directory: string;
  rounds: number;
  /** Changes the project, so that the run has everything to do. */
  prepare: (round: number) => Promise<void> | void;
  onRound?: (round: KillRound, index: number) => void;
}

/** Milliseconds for a run after a kill, creation of the cluster included. */
const LIMIT = 600_000;

/**
 * Kills runs of `test-cached` with SIGKILL, in turn only the harness and its whole process group.
 * Their moments are random and spread over the length of a whole run, which is measured first.
 */
export async function killRounds({ directory, rounds, prepare, onRound }: KillOptions): Promise<KillRound[]> {
  const whole = await wholeRun(directory, prepare);
  const done: KillRound[] = [];
  for (let index = 0; index < rounds; index++) {
    await prepare(index + 1);
    const moment = Math.round(((index + Math.random()) / rounds) * whole.ms);
    const killed = index % 2 === 0 ? 'the harness' : 'its process group';
    const { stage } = await testCached(directory, { moment, killed });
    const { failure } = await testCached(directory);
    const round: KillRound = { moment, killed, stage, failure };
    onRound?.(round, index);
    done.push(round);
  }
  return done;
}

/** A run that is not killed. The first one of a project is not measured: it has more to do. */
async function wholeRun(directory: string, prepare: KillOptions['prepare']): Promise<Outcome> {
  await testCached(directory);
  await prepare(0);
  const run = await testCached(directory);
  if (run.failure === undefined) return run;
  throw new Error(`A run failed without any kill: ${run.failure}`);
}

interface Outcome {
  ms: number;
  stage: string;
  failure: string | undefined;
}

async function testCached(directory: string, kill?: Pick<KillRound, 'moment' | 'killed'>): Promise<Outcome> {
  const [file, ...args] = HARNESS;
  const start = performance.now();
  const child = spawn(file, [...args, 'test-cached', '--json'], {
    cwd: directory,
    env: cleanEnvironment(),
    detached: true, // a process group of its own
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  child.stdout.on('data', (text: Buffer) => (printed += text.toString()));
  child.stderr.on('data', (text: Buffer) => (printed += text.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const over = new AbortController();
  const limit = sleep(kill?.moment ?? LIMIT, undefined, { signal: over.signal }).then(
    () => process.kill(kill?.killed === 'the harness' ? Number(child.pid) : -Number(child.pid), 'SIGKILL'),
    () => undefined,
  );
  const exitCode = await ended;
  over.abort();
  await limit;
  const ms = Math.round(performance.now() - start);
  // Only the harness's own end counts: what it left may hold its output open.
  child.stdout.destroy();
  child.stderr.destroy();
  return { ms, stage: lastStage(printed), failure: exitCode === 0 ? undefined : `exit code ${exitCode}\n${printed}` };
}

function lastStage(printed: string): string {
  const starts = printed.matchAll(/"type":"step","id":"([^"]+)","state":"start"/g);
  return [...starts].at(-1)?.[1] ?? 'the start';
}
