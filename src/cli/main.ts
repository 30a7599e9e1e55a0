import { readFileSync } from 'node:fs';
import { Command as Program, CommanderError } from 'commander';
import { exitCodeOf, HarnessError } from '../core/error.ts';
import { COMMANDS, OPTIONS, type Command, type CommandOptions } from './commands.ts';
import { runCommand, runWork, type CommonOptions, type Streams } from './run.ts';
import { addToolCommands } from './tool-commands.ts';

const LINGER_MS = 2_000;

const streams: Streams = {
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
  terminal: process.stdout.isTTY === true && process.env['CI'] === undefined,
};

/** The first signal ends the run in order; a second one ends it at once. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130);
      controller.abort();
    });
  }
  return controller.signal;
}

function addCommand(program: Program, command: Command, signal: AbortSignal): void {
  const added = program.command(command.name).description(command.summary);
  if (command.takes === 'images') added.argument('[images...]', 'names of images (default: all)');
  if (command.takes === 'test arguments') added.argument('[args...]', 'arguments for the test runner, behind `--`');
  for (const option of command.options ?? []) {
    const [flags, description] = OPTIONS[option];
    if (option === 'sinceImage') added.option(flags, description, (value, given: string[] = []) => [...given, value]);
    else added.option(flags, description);
  }
  added.action(async (...given: unknown[]) => {
    const args = command.takes ? (given[0] as string[]) : [];
    process.exitCode = await runCommand(
      command,
      args,
      added.optsWithGlobals<CommonOptions & CommandOptions>(),
      streams,
      signal,
    );
  });
}

/** Runs the command that this process was started with, and sets its exit code. */
export async function main(): Promise<void> {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const program = new Program('harness')
    .description('Kubernetes-in-Docker integration tests that rebuild and reload only what changed.')
    .version(version)
    .option('--config <file>', 'the configuration file (default: found upwards from here)')
    .option('--json', 'JSON lines, the last one a summary')
    .option('--verbose', 'more words, and stack traces')
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(harness --help shows all commands)')
    .exitOverride();
  const signal = interruption();
  for (const command of COMMANDS) addCommand(program, command, signal);
  addToolCommands(program, streams, signal);
  try {
    await program.parseAsync();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = await wrongUse(error, signal);
  }
  // A finished command ends, whatever idle connection a library still holds; an orderly end is
  // tried first, so that all output is written.
  setTimeout(() => process.exit(), LINGER_MS).unref();
}

/**
 * Commander has printed what is wrong, for people. Its own exit codes say 1 for wrong use, which
 * here means failed tests.
 */
async function wrongUse(error: CommanderError, signal: AbortSignal): Promise<number> {
  if (error.exitCode === 0) return 0; // it printed help or the version
  if (!process.argv.includes('--json')) return exitCodeOf('USAGE');
  const refuse = () =>
    Promise.reject(new HarnessError('USAGE', error.message.replace(/^error: /, ''), { next: 'See `harness --help`.' }));
  return runWork(
    { name: process.argv.slice(2).find((word) => !word.startsWith('-')) ?? '', do: refuse },
    { json: true },
    streams,
    signal,
  );
}
