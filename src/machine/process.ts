import type { Readable } from 'node:stream';
import { HarnessError, type ErrorCode } from '../core/error.ts';
import { seconds } from '../core/words.ts';
import { watchForStall } from './stall.ts';

/** How to run a program. Commands are argv arrays, never shell strings. */
export interface RunOptions {
  cwd?: string | undefined;
  /** Added to this process's environment. */
  env?: NodeJS.ProcessEnv | undefined;
  /** The program's standard input. */
  input?: string | Readable | undefined;
  /** Milliseconds until the program is killed. */
  timeout?: number | undefined;
  /** Milliseconds without output until the program is killed. */
  silence?: number | undefined;
  signal?: AbortSignal | undefined;
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
  stdout: string;
  /** Both outputs, interleaved as they were written. */
  all: string;
}

const TAIL_LINES = 20;

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
 * Like `run`, but a non-zero exit code is not an error.
 * @throws HarnessError if the program is missing, times out or is interrupted
 */
export async function tryRun(argv: readonly [string, ...string[]], options: RunOptions = {}): Promise<RunResult> {
  const { execa } = await import('execa'); // loaded here, because a run that finds nothing to do starts no program
  const [file, ...args] = argv;
  const stall = options.silence === undefined ? undefined : watchForStall(options.silence);
  const signals = [options.signal, stall?.signal].filter((signal) => signal !== undefined);
  const reportLine = (line: string) => {
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
  if (child.pid !== undefined) options.onStart?.(child.pid);
  const forwarded = (stall ?? options.onLine) && forwardLines(child.iterable({ from: 'all' }), reportLine);
  const result = await child;
  await forwarded; // so that no line is reported after the return
  stall?.end();
  if (result.code === 'ENOENT') {
    throw new HarnessError('TOOL_MISSING', `The program \`${file}\` was not found.`, {
      next: 'Run `harness doctor` to see what is missing, or `harness setup` to install it.',
    });
  }
  if (result.isCanceled && stall?.signal.aborted && !options.signal?.aborted) {
    throw new HarnessError(
      options.code ?? 'TESTS',
      `\`${printable(argv)}\` was killed: it printed nothing for ${seconds(options.silence ?? 0)}.`,
      {
        detail: tail(result.all),
        next: options.next,
      },
    );
  }
  if (result.isCanceled) throw new HarnessError('INTERRUPTED', `\`${printable(argv)}\` was interrupted.`);
  if (result.exitCode === undefined) {
    const reason = result.timedOut
      ? `did not finish within ${seconds(options.timeout ?? 0)}`
      : `was killed by ${result.signal ?? 'an unknown cause'}`;
    throw new HarnessError(options.code ?? 'TESTS', `\`${printable(argv)}\` ${reason}.`, { detail: tail(result.all) });
  }
  return { exitCode: result.exitCode, stdout: result.stdout, all: result.all };
}

async function forwardLines(lines: AsyncIterable<unknown>, onLine: (line: string) => void): Promise<void> {
  for await (const line of lines) onLine(String(line));
}
