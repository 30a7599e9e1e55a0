import { readFileSync } from 'node:fs';
import { CommanderError, Command as Program } from 'commander';
import { exitCodeOf, HarnessError } from '../core/error.ts';
import { OPTIONS, type Command, type CommandOptions } from './command.ts';
import { COMMANDS } from './commands.ts';
import { runCommand, runWork, type CommonOptions } from './run.ts';
import { openStreams, type Streams } from './streams.ts';
import { addToolCommands } from './tool-commands.ts';

const LINGER_MS = 2_000;

/** The first signal ends the run in order; a second one ends it at once. */
function interruption(): AbortController {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130);
      controller.abort();
    });
  }
  return controller;
}

function addCommand(program: Program, command: Command, streams: Streams, signal: AbortSignal): void {
  const added = program.command(command.name).description(command.summary);
  if (command.takes === 'images') added.argument('[images...]', 'names of images (default: all)');
  if (command.takes === 'test arguments') added.argument('[args...]', 'arguments for the test runner, after `--`');
  for (const option of command.options ?? []) {
    const [flags, description] = OPTIONS[option];
    if (option === 'sinceImage') added.option(flags, description, (value, given: string[] = []) => [...given, value]);
    else added.option(flags, description);
  }
  added.action(async (...given: unknown[]) => {
    const args = command.takes ? (given[0] as string[]) : [];
    const options = added.optsWithGlobals<CommonOptions & CommandOptions>();
    process.exitCode = await runCommand(command, args, options, streams, signal);
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
    .option('--config <file>', 'the configuration file (default: the nearest one, here or in a parent directory)')
    .option('--profile <name>', 'use the settings of this profile of the configuration')
    .option('--json', 'print JSON lines; the last one is a summary')
    .option('--lock-timeout <seconds>', 'how long to wait for other runs on the cluster (default: 900; 0: do not wait)')
    .option('--verbose', 'print more, and stack traces')
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(harness --help lists all commands)')
    .exitOverride();
  const interrupt = interruption();
  const { signal } = interrupt;
  // Without a reader, only a command that would never end by itself is ended.
  let isEndless = false;
  program.hook('preAction', (_, action) => {
    isEndless = COMMANDS.some(({ name, live }) => live === true && name === action.name());
  });
  const streams = openStreams(process, () => isEndless && interrupt.abort());
  for (const command of COMMANDS) addCommand(program, command, streams, signal);
  addToolCommands(program, { streams, signal, env: process.env, cwd: process.cwd() });
  try {
    await program.parseAsync();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = await wrongUse(error, streams, signal);
  }
  // A finished command ends even if a library still holds an idle connection. An orderly end is
  // tried first, so that all output is written.
  setTimeout(() => process.exit(), LINGER_MS).unref();
}

/**
 * Commander has already printed the error. Its own exit code for wrong use is 1, which here means
 * failed tests.
 */
async function wrongUse(error: CommanderError, streams: Streams, signal: AbortSignal): Promise<number> {
  if (error.exitCode === 0) return 0; // it printed help or the version
  if (!process.argv.includes('--json')) return exitCodeOf('USAGE');
  const refuse = () =>
    Promise.reject(new HarnessError('USAGE', error.message.replace(/^error: /, ''), { next: 'See `harness --help`.' }));
  const name = process.argv.slice(2).find((word) => !word.startsWith('-')) ?? '';
  return runWork({ name, do: refuse }, { json: true }, streams, signal);
}
