import { exitCodeOf, HarnessError } from '../core/error.ts';
import type { Emit } from '../core/event.ts';
import { errorForMachines } from '../core/reported-error.ts';
import { stopwatch } from '../core/stopwatch.ts';
import type { Summary } from '../core/summary.ts';
import { openHarness, type Harness } from '../harness.ts';
import { errorForPeople } from '../report/errors.ts';
import { plainReporter } from '../report/lines.ts';
import type { Command, CommandEnd, CommandOptions } from './command.ts';
import { sinceImages } from './since-images.ts';
import type { Streams } from './streams.ts';

/** The options that every command has. */
export interface CommonOptions {
  config?: string;
  profile?: string;
  json?: boolean;
  verbose?: boolean;
  /** Seconds, as given. */
  lockTimeout?: string;
}

interface Work {
  name: string;
  live?: boolean;
  do: (
    emit: Emit,
    signal: AbortSignal,
  ) => Promise<CommandEnd & { results?: Pick<Summary, 'builds' | 'loads' | 'tests'> }>;
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
    ...(command.live ? { live: true } : {}),
    do: async (emit) => {
      const harness = await openHarness({
        emit,
        signal,
        command: `harness ${command.name}`,
        ...(options.config === undefined ? {} : { configFile: options.config }),
        profile: options.profile,
        preferredProfile: command.preferredProfile,
        recreateImmutable: options.recreateImmutable,
        lockTimeout: lockTimeout(options.lockTimeout),
        sinceImages: ({ images }) => sinceImages(options.sinceImage ?? [], images),
      });
      opened = harness;
      return command.run({ harness, args, options, colour: streams.terminal && options.json !== true });
    },
  };
  return runWork(work, options, streams, signal, () => opened);
}

/**
 * Runs any piece of work as a command: reports events, ends with a summary, and turns errors into
 * messages and exit codes.
 * @param harness what the work was done with, if it got that far: its results are in the summary, even if
 * the work failed
 */
export async function runWork(
  work: Work,
  options: CommonOptions,
  streams: Streams,
  signal: AbortSignal,
  harness: () => Pick<Harness, 'results' | 'redactor'> | undefined = () => undefined,
): Promise<number> {
  const ms = stopwatch();
  const { emit, release } = await reporterFor(options, streams, work.live ?? false);
  let end: CommandEnd = {};
  let failure: unknown;
  try {
    end = await work.do(emit, signal);
    failure = end.failure;
  } catch (error) {
    failure = signal.aborted ? new HarnessError('INTERRUPTED', 'Interrupted.', { cause: error }) : error;
  }
  await release();
  const masked = <T>(value: T): T => harness()?.redactor.redactAll(value) ?? value;
  const exitCode = failure === undefined ? (end.exitCode ?? 0) : exitCodeFor(failure);
  if (options.json) {
    const summary: Summary = {
      type: 'summary',
      command: work.name,
      ok: exitCode === 0,
      exitCode,
      ...(harness()?.results ?? { builds: [], loads: [], tests: null }),
      ...end.more,
      ms: ms(),
      ...(failure === undefined ? {} : { error: errorForMachines(failure) }),
    };
    streams.out(JSON.stringify(masked(summary)));
  } else {
    masked(end.lines)?.forEach(streams.out);
    if (failure !== undefined) errorForPeople(failure, options.verbose ?? false).forEach(streams.err);
  }
  return exitCode;
}

/** @throws HarnessError USAGE */
function lockTimeout(given: string | undefined): number | undefined {
  if (given === undefined || /^\d{1,9}(\.\d{1,9})?$/.test(given))
    return given === undefined ? undefined : Number(given);
  throw new HarnessError('USAGE', `--lock-timeout is \`${given}\`. Expected a number of seconds.`, {
    next: 'Use 0 to fail at once when another run uses the cluster. The default is 900.',
  });
}

async function reporterFor(
  options: CommonOptions,
  streams: Streams,
  live: boolean,
): Promise<{ emit: Emit; release: () => Promise<void> }> {
  const nothing = () => Promise.resolve();
  if (options.json) return { emit: (event) => streams.out(JSON.stringify(event)), release: nothing };
  if (!streams.terminal || live)
    return { emit: plainReporter(streams.out, options.verbose ?? false), release: nothing };
  const { terminalReporter } = await import('../report/terminal.ts'); // only for a terminal: start-up time counts
  return terminalReporter(streams.out, options.verbose ?? false);
}

function exitCodeFor(failure: unknown): number {
  return failure instanceof HarnessError ? exitCodeOf(failure.code) : 3;
}
