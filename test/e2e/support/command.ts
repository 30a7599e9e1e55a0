import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Event } from '../../../src/core/event.ts';
import { stopwatch } from '../../../src/core/stopwatch.ts';
import type { Summary } from '../../../src/core/summary.ts';
import type { ImageStatus } from '../../../src/run/cache-status.ts';
import { refuseUncounted } from '../../support/all-counted.ts';
import { recordWaits } from './waits.ts';

export const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
const CLI = fileURLToPath(new URL('../../../dist/bin/harness.cjs', import.meta.url));

/** This repository's built command. */
export const HARNESS: [string, ...string[]] = [process.execPath, CLI];

/** How a command is started. */
export interface Start {
  /** The program, as argv. Default: HARNESS. */
  program?: [string, ...string[]];
  /** Added to the environment; undefined removes a variable. */
  env?: Record<string, string | undefined>;
}

/** A program that has ended. */
export interface Ended {
  /** Null when a signal ended it. */
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/** A `harness … --json` that has ended. */
export interface Run extends Ended {
  events: Event[];
  /** The last line. Commands add fields of their own. */
  summary: Summary & { images?: ImageStatus[] };
  /** All notes, one a line. */
  notes: string;
  /** What the tests printed. */
  output: string;
}

/** A running `harness … --json`. */
export interface Running {
  child: ChildProcess;
  /** The first event that fits, including past ones. */
  event: (fits: (event: Event) => boolean) => Promise<Event>;
  ended: Promise<Run>;
}

/** Runs `harness … --json` to its end, whatever the exit code. */
export function harness(directory: string, args: string[], start: Start = {}): Promise<Run> {
  return startHarness(directory, args, start).ended;
}

export function startHarness(directory: string, args: string[], start: Start = {}): Running {
  const cut = args.indexOf('--');
  const withJson = cut === -1 ? [...args, '--json'] : [...args.slice(0, cut), '--json', ...args.slice(cut)];
  const child = launch(directory, withJson, start);
  const events: Event[] = [];
  const listeners = new Set<() => void>();
  createInterface({ input: child.stdout! }).on('line', (line) => {
    events.push(JSON.parse(line) as Event); // a line that is not JSON fails the test, as it should
    listeners.forEach((listener) => listener());
  });
  const elapsed = stopwatch();
  const ended = finish(child).then((end): Run => {
    recordWaits(args, elapsed(), events);
    const text = (pick: (event: Event) => string | undefined) =>
      events.flatMap((event) => pick(event) ?? []).join('\n');
    const notes = text((event) => (event.type === 'note' ? event.message : undefined));
    refuseUncounted(notes);
    return {
      ...end,
      events,
      // Undefined if the process was killed before its first event. Reading the summary then fails
      // the test.
      summary: events.at(-1) as Run['summary'],
      notes,
      output: text((event) => (event.type === 'output' ? event.line : undefined)),
    };
  });
  const event = (fits: (event: Event) => boolean) =>
    new Promise<Event>((resolve, reject) => {
      const look = () => {
        const found = events.find(fits);
        if (found) resolve(found);
      };
      listeners.add(look);
      look();
      ended.then(
        ({ stdout, stderr }) => reject(new Error(`It ended without the expected event:\n${stdout}${stderr}`)),
        reject,
      );
    });
  return { child, event, ended };
}

/** Any running program. */
export interface RunningProgram {
  child: ChildProcess;
  /** The first match in its output, including past output. */
  prints: (pattern: RegExp) => Promise<RegExpExecArray>;
  ended: Promise<Ended>;
}

/** Starts a program as a user does, but without a terminal. */
export function startProgram(directory: string, args: string[], start: Start): RunningProgram {
  const child = launch(directory, args, start);
  let printed = '';
  const listeners = new Set<() => void>();
  child.stdout!.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
    listeners.forEach((listener) => listener());
  });
  const ended = finish(child);
  const prints = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const found = pattern.exec(printed);
        if (found) resolve(found);
      };
      listeners.add(look);
      look();
      ended.then(
        ({ stdout, stderr }) => reject(new Error(`It ended without printing ${pattern}:\n${stdout}${stderr}`)),
        reject,
      );
    });
  return { child, prints, ended };
}

/** Runs `harness` as people do, without `--json`, and without a terminal. */
export function plainHarness(directory: string, args: string[], start: Start = {}): Promise<Ended> {
  return finish(launch(directory, args, start));
}

function launch(directory: string, args: string[], { program = HARNESS, env = {} }: Start): ChildProcess {
  const [file, ...first] = program;
  return spawn(file, [...first, ...args], {
    cwd: directory,
    env: { ...cleanEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/**
 * This environment without the variables of vitest: a vitest that a command starts must not behave
 * like a part of this one.
 */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const ours =
    /^(VITEST|HARNESS_|NODE_ENV$|NODE_OPTIONS$|TEST$|PROD$|DEV$|MODE$|BASE_URL$|SSR$|FORCE_COLOR$|KUBECONFIG$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
}

async function finish(child: ChildProcess): Promise<Ended> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout!.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr!.on('data', (chunk: Buffer) => err.push(chunk));
  const exitCode = await new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  return { exitCode, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() };
}
