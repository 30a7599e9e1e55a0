import type { Readable } from 'node:stream';
import { HarnessError, type ErrorCode } from '../core/error.ts';
import { seconds } from '../core/words.ts';
import { noteChild } from './children.ts';
import { LastLines, LineSplitter } from './output.ts';
import { watchForStall } from './stall.ts';

/** How to run a program. Commands are argv arrays, never shell strings. */
export interface RunOptions {
  cwd?: string | undefined;
  /** Added to the environment. An undefined value removes a variable. */
  env?: NodeJS.ProcessEnv | undefined;
  /** The environment that `env` is added to. Default: this process's. */
  baseEnv?: NodeJS.ProcessEnv | undefined;
  /** The program's standard input. */
  input?: string | Readable | undefined;
  /** Milliseconds until the program is killed. */
  timeout?: number | undefined;
  /** Milliseconds without output until the program is killed. */
  silence?: number | undefined;
  /** Ends the program: with SIGTERM, and with SIGKILL if it still runs after a while. */
  signal?: AbortSignal | undefined;
  /**
   * Whether nothing may end the program before its own end: no signal, no limit, no Ctrl-C in the
   * terminal.
   */
  undisturbed?: boolean | undefined;
  /**
   * Whether the standard output is wanted as a whole. Default: yes. Otherwise a program may print
   * any amount.
   */
  keepStdout?: boolean | undefined;
  /** Called with the program's process id once it runs. */
  onStart?: ((pid: number) => void) | undefined;
  /** Called with every line of both outputs. */
  onLine?: ((line: string) => void) | undefined;
  /** The code of the error if the program fails. If it is not installed: `TOOL_MISSING`. */
  code?: ErrorCode | undefined;
  /** What the user should do if the program fails. */
  next?: string | undefined;
}

export interface RunResult {
  exitCode: number;
  /** The standard output; empty with `keepStdout: false`. */
  stdout: string;
  /** The last lines of both outputs, interleaved as they were written: up to 2,000, or 1 MB. */
  all: string;
}

const TAIL_LINES = 20;

/** Bytes of standard output that are kept. No program whose output is wanted prints as much. */
const KEPT_STDOUT = 64 * 1024 * 1024;

/** Milliseconds from SIGTERM to SIGKILL. */
const GRACE = 5_000;

/** The last lines of a program's output, for an error message. */
export function tail(text: string, lines = TAIL_LINES): string {
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}

/** The command in a form that can be pasted into a shell. */
export function printable(argv: readonly string[]): string {
  return argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');
}

/**
 * Runs a program and waits for its end.
 * @throws HarnessError if it is missing, fails, times out or is interrupted; with the command and
 * the last lines of its output
 */
export async function run(argv: readonly [string, ...string[]], options: RunOptions = {}): Promise<RunResult> {
  const result = await tryRun(argv, options);
  if (result.exitCode === 0) return result;
  throw new HarnessError(options.code ?? 'TESTS', `\`${printable(argv)}\` failed with exit code ${result.exitCode}.`, {
    detail: tail(result.all),
    next: options.next,
  });
}

/**
 * Like `run`, but a non-zero exit code is not an error. The memory for its output is bounded,
 * however much it prints.
 * @throws HarnessError if the program is missing, times out, is interrupted, or prints more standard
 * output than can be kept
 */
export async function tryRun(argv: readonly [string, ...string[]], options: RunOptions = {}): Promise<RunResult> {
  const { execa } = await import('execa'); // loaded here, because a run that finds nothing to do starts no program
  const [file, ...args] = argv;
  const stall = options.silence === undefined ? undefined : watchForStall(options.silence);
  const child = execa(file, args, {
    reject: false,
    all: true,
    buffer: false,
    forceKillAfterDelay: GRACE,
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...environmentOf(options),
    ...(options.undisturbed ? { detached: true, cleanup: false } : limits(options, stall?.signal)),
  });
  const ended = child.pid === undefined || options.undisturbed ? () => undefined : noteChild(child.pid);
  if (child.pid !== undefined) options.onStart?.(child.pid);
  // After an end by force, what the program itself started may still hold its output open.
  child.nodeChildProcess.once('exit', (_, signal) => {
    if (signal !== null || options.signal?.aborted) closeSoon(child.stdout, child.stderr);
  });
  const last = new LastLines();
  const lines = new LineSplitter((line) => {
    last.add(line);
    options.onLine?.(line);
  });
  const stdout = options.keepStdout === false ? undefined : keepOutput(child.stdout);
  const printed = (async () => {
    for await (const chunk of child.all) {
      stall?.progress();
      lines.add(chunk as Buffer);
      await untilWritten();
    }
    lines.end();
  })().catch(() => undefined); // a program that is killed may leave a broken pipe
  const result = await child;
  ended();
  await printed; // so that no line is reported after the return
  stall?.end();
  const command = `\`${printable(argv)}\``;
  const detail = tail(last.text());
  if (result.code === 'ENOENT') {
    throw new HarnessError('TOOL_MISSING', `The program \`${file}\` was not found.`, {
      next: 'Run `harness doctor` to see what is missing, or `harness setup` to install it.',
    });
  }
  const failed = (problem: string) =>
    new HarnessError(options.code ?? 'TESTS', `${command} ${problem}.`, { detail, next: options.next });
  if (result.isCanceled && stall?.signal.aborted && !options.signal?.aborted)
    throw failed(`was killed: it printed nothing for ${seconds(options.silence ?? 0)}`);
  if (result.isCanceled) throw new HarnessError('INTERRUPTED', `${command} was interrupted.`);
  if (result.exitCode === undefined) {
    throw failed(
      result.timedOut
        ? `did not finish within ${seconds(options.timeout ?? 0)}`
        : `was killed by ${result.signal ?? 'an unknown cause'}`,
    );
  }
  if (stdout?.isTooLong()) throw failed(`printed more than ${KEPT_STDOUT / 1024 / 1024} MB`);
  return { exitCode: result.exitCode, stdout: stdout?.text() ?? '', all: last.text() };
}

function closeSoon(...streams: Readable[]): void {
  setTimeout(() => streams.forEach((stream) => stream.destroy()), 500).unref();
}

function environmentOf({ env, baseEnv }: RunOptions): { env?: NodeJS.ProcessEnv; extendEnv?: false } {
  if (baseEnv !== undefined) return { env: { ...baseEnv, ...env }, extendEnv: false };
  return env === undefined ? {} : { env };
}

function limits({ timeout, signal }: RunOptions, stalled: AbortSignal | undefined) {
  const signals = [signal, stalled].filter((each) => each !== undefined);
  return {
    ...(timeout === undefined ? {} : { timeout }),
    ...(signals.length === 0 ? {} : { cancelSignal: AbortSignal.any(signals) }),
  };
}

function keepOutput(stream: Readable): { text: () => string; isTooLong: () => boolean } {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= KEPT_STDOUT) chunks.push(chunk);
    else chunks.length = 0;
  });
  return {
    text: () =>
      Buffer.concat(chunks)
        .toString('utf8')
        .replace(/\r?\n$/, ''),
    isTooLong: () => size > KEPT_STDOUT,
  };
}

/**
 * Waits until this process's own output has been read. Lines that are passed on to a slow reader
 * would fill the memory otherwise.
 */
async function untilWritten(): Promise<void> {
  for (const stream of [process.stdout, process.stderr])
    if (stream.writableNeedDrain) {
      await new Promise<void>((resolve) => {
        const done = () => {
          for (const event of ['drain', 'close', 'error']) stream.off(event, done);
          resolve();
        };
        for (const event of ['drain', 'close', 'error']) stream.on(event, done);
      });
    }
}
