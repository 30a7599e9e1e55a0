import type { Readable } from 'node:stream';
import { HarnessError, type ErrorCode } from '../core/error.ts';
import { seconds } from '../core/words.ts';
import { watchForStall } from './stall.ts';

/** How to run a program. Programs are argv arrays, never shell strings. */
export interface RunOptions {
  cwd?: string;
  /** Added to this process's environment. */
  env?: NodeJS.ProcessEnv;
  /** What the program finds on its standard input. */
  input?: string | Readable;
  /** Milliseconds until the program is ended. */
  timeout?: number;
  /** Milliseconds without a line after which it is ended. */
  silence?: number;
  signal?: AbortSignal;
  /** Called with every line of both outputs as it comes. */
  onLine?: (line: string) => void;
  /**
   * The code of the error when the program fails; `TOOL_MISSING` is used when it is not installed.
   */
  code?: ErrorCode;
  /** What the user should do when it fails. */
  next?: string;
}

export interface RunResult {
  exitCode: number;
  stdout: string;
  /** Both outputs in the order in which they came. */
  all: string;
}

const TAIL_LINES = 20;

/** The last lines of a program's output, for an error message. */
export function tail(text: string, lines = TAIL_LINES): string {
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}

/** The command as it can be pasted into a shell. */
export function printable(argv: readonly string[]): string {
  return argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');
}

/**
 * Runs a program to its end.
 * @throws HarnessError when it is missing, fails, or is stopped by time-out or signal; with the
 * command and its last lines.
 */
export async function run(argv: readonly [string, ...string[]], options: RunOptions = {}): Promise<RunResult> {
  const result = await tryRun(argv, options);
  if (result.exitCode === 0) return result;
  throw new HarnessError(options.code ?? 'TESTS', `\`${printable(argv)}\` failed with exit code ${result.exitCode}.`, {
    detail: tail(result.all),
    ...(options.next === undefined ? {} : { next: options.next }),
  });
}

/**
 * As `run`, but a failing exit code is an answer and not an error.
 * @throws HarnessError when the program is missing or is stopped by time-out or signal.
 */
export async function tryRun(argv: readonly [string, ...string[]], options: RunOptions = {}): Promise<RunResult> {
  const { execa } = await import('execa'); // not at start-up: a run that finds nothing to do starts no program
  const [file, ...args] = argv;
  const stall = options.silence === undefined ? undefined : watchForStall(options.silence);
  const signals = [options.signal, stall?.signal].filter((signal) => signal !== undefined);
  const onLine = (line: string) => {
    stall?.progress();
    options.onLine?.(line);
  };
  const child = execa(file, args, {
    reject: false,
    all: true,
    stripFinalNewline: true,
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
    ...(signals.length === 0 ? {} : { cancelSignal: AbortSignal.any(signals) }),
  });
  const forwarded = (stall ?? options.onLine) && forwardLines(child.iterable({ from: 'all' }), onLine);
  const result = await child;
  await forwarded; // no line comes after the end
  stall?.end();
  if (result.code === 'ENOENT') {
    throw new HarnessError('TOOL_MISSING', `The program \`${file}\` was not found.`, {
      next: 'Run `harness doctor` to see what is missing, or `harness setup` to install it.',
    });
  }
  if (result.isCanceled && stall?.signal.aborted && !options.signal?.aborted) {
    throw new HarnessError(
      options.code ?? 'TESTS',
      `\`${printable(argv)}\` was ended, because it said nothing for ${seconds(options.silence ?? 0)}.`,
      {
        detail: tail(result.all),
        ...(options.next === undefined ? {} : { next: options.next }),
      },
    );
  }
  if (result.isCanceled) throw new HarnessError('INTERRUPTED', `\`${printable(argv)}\` was interrupted.`);
  if (result.exitCode === undefined) {
    const why = result.timedOut
      ? `did not end within ${options.timeout} ms`
      : `was ended by ${result.signal ?? 'an unknown cause'}`;
    throw new HarnessError(options.code ?? 'TESTS', `\`${printable(argv)}\` ${why}.`, { detail: tail(result.all) });
  }
  return { exitCode: result.exitCode, stdout: result.stdout, all: result.all };
}

async function forwardLines(lines: AsyncIterable<unknown>, onLine: (line: string) => void): Promise<void> {
  for await (const line of lines) onLine(String(line));
}
