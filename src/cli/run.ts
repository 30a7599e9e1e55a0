import { openHarness, type Harness } from '../harness.ts';
import { exitCodeOf, HarnessError, messageOf } from '../model/error.ts';
import type { Emit } from '../model/event.ts';
import type { Summary } from '../model/summary.ts';
import { stopwatch } from '../model/stopwatch.ts';
import { plainReporter } from '../report/lines.ts';
import type { Command, CommandEnd, CommandOptions } from './commands.ts';
import { sinceImages } from './since-images.ts';

/** The options that every command has. */
export interface CommonOptions {
  config?: string;
  json?: boolean;
  verbose?: boolean;
}

/** What a command writes to. */
export interface Streams {
  out: (line: string) => void;
  err: (line: string) => void;
  terminal: boolean;
}

interface Work {
  name: string;
  do: (emit: Emit, signal: AbortSignal) => Promise<CommandEnd & { results?: Pick<Summary, 'builds' | 'loads' | 'tests'> }>;
}

/** Runs a command on the configured repository. @returns the exit code */
export async function runCommand(
  command: Command,
  args: string[],
  options: CommonOptions & CommandOptions,
  streams: Streams,
  signal: AbortSignal,
): Promise<number> {
  let opened: Harness | undefined;
  const work: Work = {
    name: command.name,
    do: async (emit) => {
      const harness = await openHarness({
        emit,
        signal,
        command: `harness ${command.name}`,
        ...(options.config === undefined ? {} : { configFile: options.config }),
        sinceImages: ({ images }) => sinceImages(options.sinceImage ?? [], images),
      });
      opened = harness;
      return command.run({ harness, args, options, colour: streams.terminal && options.json !== true });
    },
  };
  return runWork(work, options, streams, signal, () => opened?.results);
}

/**
 * Runs any piece of work as a command: reports what happens, ends with a summary, and turns errors into words and exit codes.
 * @param results what to say of builds, loads and tests, even when the work failed
 */
export async function runWork(
  work: Work,
  options: CommonOptions,
  streams: Streams,
  signal: AbortSignal,
  results: () => Pick<Summary, 'builds' | 'loads' | 'tests'> | undefined = () => undefined,
): Promise<number> {
  const ms = stopwatch();
  const { emit, release } = await reporterFor(options, streams);
  let end: CommandEnd = {};
  let failure: unknown;
  try {
    end = await work.do(emit, signal);
    failure = end.failure;
  } catch (error) {
    failure = signal.aborted ? new HarnessError('INTERRUPTED', 'Interrupted.', { cause: error }) : error;
  }
  await release();
  const exitCode = failure === undefined ? (end.exitCode ?? 0) : exitCodeFor(failure);
  if (options.json) {
    const summary: Summary = {
      type: 'summary',
      command: work.name,
      ok: exitCode === 0,
      exitCode,
      ...(results() ?? { builds: [], loads: [], tests: null }),
      ...end.more,
      ms: ms(),
      ...(failure === undefined ? {} : { error: errorForMachines(failure) }),
    };
    streams.out(JSON.stringify(summary));
  } else {
    end.lines?.forEach(streams.out);
    if (failure !== undefined) errorForPeople(failure, options.verbose ?? false).forEach(streams.err);
  }
  return exitCode;
}

async function reporterFor(options: CommonOptions, streams: Streams): Promise<{ emit: Emit; release: () => Promise<void> }> {
  const nothing = () => Promise.resolve();
  if (options.json) return { emit: (event) => streams.out(JSON.stringify(event)), release: nothing };
  if (!streams.terminal) return { emit: plainReporter(streams.out, options.verbose ?? false), release: nothing };
  const { terminalReporter } = await import('../report/terminal.ts'); // only for a terminal: start-up counts
  return terminalReporter(streams.out, options.verbose ?? false);
}

function exitCodeFor(failure: unknown): number {
  return failure instanceof HarnessError ? exitCodeOf(failure.code) : 3;
}

function errorForMachines(failure: unknown): NonNullable<Summary['error']> {
  if (!(failure instanceof HarnessError)) return { code: 'INTERNAL', message: messageOf(failure) };
  const { code, message, next, detail } = failure;
  return { code, message, ...(next === undefined ? {} : { next }), ...(detail === undefined ? {} : { detail }) };
}

function errorForPeople(failure: unknown, verbose: boolean): string[] {
  const lines = [`❌ ${messageOf(failure)}`];
  if (failure instanceof HarnessError) {
    lines[0] += ` [${failure.code}]`;
    if (failure.detail) lines.push(...failure.detail.split('\n').map((line) => `   ${line}`));
    if (failure.next) lines.push(...failure.next.split('\n').map((line, i) => (i === 0 ? `→  ${line}` : `   ${line}`)));
  } else {
    lines.push('→  This is not an error that kind-harness expects. Run again with --verbose and report it with what it prints.');
  }
  if (verbose && failure instanceof Error && failure.stack !== undefined) lines.push(failure.stack);
  return lines;
}
