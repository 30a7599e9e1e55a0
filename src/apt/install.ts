/**
 * Carries out the installing part of a plan: files first, then commands. The only place that
 * changes what is installed.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { HarnessError } from '../core/error.ts';
import type { Emit } from '../core/event.ts';
import { printable, run, tail, tryRun } from '../machine/process.ts';

export type Command = [string, ...string[]];

/** Files to write, and commands to run after that. */
export interface InstallSteps {
  files: { path: string; text: string }[];
  commands: Command[];
}

/**
 * Fresh machines update themselves right after the start, and hold apt's lock while they do.
 * Seconds.
 */
export const APT_GET = ['apt-get', '-o', 'DPkg::Lock::Timeout=300'] as const;

/**
 * Never removes anything: what stands in the way, such as another engine's packages, is the user's
 * to decide about.
 */
export const APT_INSTALL = [...APT_GET, 'install', '-y', '--no-remove', '--no-install-recommends'] as const;

/** Milliseconds for one command: on a slow line a package manager fetches 300 MB. */
const COMMAND_TIMEOUT = 30 * 60_000;
const WITHOUT_EXPIRY = ['-o', 'Acquire::Check-Valid-Until=false'] as const;

export interface InstallContext {
  emit: Emit;
  signal: AbortSignal | undefined;
  /** Called with every line of the commands' output. */
  progress: (line: string) => void;
}

/**
 * Writes the plan's files and runs its commands.
 * @throws HarnessError SETUP with the failed command and its last lines; the files are gone then,
 * so that apt works as before.
 */
export async function install(plan: InstallSteps, context: InstallContext): Promise<void> {
  for (const { path, text } of plan.files) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode: 0o644 });
  }
  try {
    for (const command of plan.commands) {
      if (command[0] === 'apt-get' && command.includes('update')) await aptUpdate(command, context);
      else await run(command, options(context));
    }
  } catch (error) {
    for (const { path } of plan.files) rmSync(path, { force: true });
    throw error;
  }
}

/**
 * An archive that is frozen, or the image of a machine that is older than a week, offers an index
 * whose time has run out, and apt refuses it. It is signed all the same, so it is taken on a second
 * try, and the user is told.
 */
async function aptUpdate(command: Command, context: InstallContext): Promise<void> {
  const first = await tryRun(command, options(context));
  if (first.exitCode === 0) return;
  if (!isExpiredIndex(first.all)) throw failed(command, first.all);
  context.emit({
    type: 'note',
    level: 'warning',
    message:
      'The archive’s index has expired (a frozen mirror, or a wrong clock). Its signature is checked, its date is not.',
  });
  const [program, ...rest] = command;
  await run([program, ...WITHOUT_EXPIRY, ...rest], options(context));
}

/** Whether apt's output says that an index is too old, rather than that it could not be had. */
export function isExpiredIndex(output: string): boolean {
  return /^E: Release file for .* is expired/m.test(output);
}

function options({ signal, progress }: InstallContext) {
  return {
    code: 'SETUP' as const,
    timeout: COMMAND_TIMEOUT,
    env: { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' }, // the output is read, so it must be in English
    onLine: progress,
    next: 'Run the command yourself to see all of its output, then `harness setup` again.',
    ...(signal === undefined ? {} : { signal }),
  };
}

function failed(command: Command, output: string): HarnessError {
  return new HarnessError('SETUP', `\`${printable(command)}\` failed.`, {
    detail: tail(output),
    next: 'Repair apt’s sources until that command works, then run `harness setup` again.',
  });
}
