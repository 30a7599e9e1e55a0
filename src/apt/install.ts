/**
 * Carries out an installation: writes files, then runs commands. This is the only code that changes
 * what is installed.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { HarnessError } from '../core/error.ts';
import type { Emit } from '../core/event.ts';
import { printable, run, tail, tryRun } from '../machine/process.ts';

export type Command = [string, ...string[]];

/** Files to write and commands to run afterwards. */
export interface InstallSteps {
  files: { path: string; text: string }[];
  commands: Command[];
}

/**
 * Waits for apt's lock, in seconds. A new machine updates itself right after its start and holds
 * the lock meanwhile.
 */
export const APT_GET = ['apt-get', '-o', 'DPkg::Lock::Timeout=300'] as const;

/**
 * Never removes a package. If one is in conflict, such as that of another engine, the user must
 * decide.
 */
export const APT_INSTALL = [...APT_GET, 'install', '-y', '--no-remove', '--no-install-recommends'] as const;

/** Milliseconds for one command. It may download 300 MB over a slow connection. */
const COMMAND_TIMEOUT = 30 * 60_000;
const WITHOUT_EXPIRY = ['-o', 'Acquire::Check-Valid-Until=false'] as const;

/** With the value `1`, an expired index is accepted, as with `--accept-expired-index`. */
export const ACCEPT_EXPIRED_VARIABLE = 'HARNESS_ACCEPT_EXPIRED_INDEX';

export interface InstallContext {
  emit: Emit;
  /** Whether an index may be used whose date has passed; only its signature counts then. */
  acceptExpiredIndex: boolean;
  signal: AbortSignal | undefined;
  /** Called with every line of the commands' output. */
  progress: (line: string) => void;
}

/**
 * Writes the plan's files and runs its commands.
 * @throws HarnessError SETUP with the failed command and its last lines. The files are removed
 * then, so that apt works as before.
 */
export async function install(plan: InstallSteps, context: InstallContext): Promise<void> {
  for (const { path, text } of plan.files) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode: 0o644 });
  }
  try {
    for (const command of plan.commands) {
      if (command[0] === 'apt-get' && command.includes('update')) await aptUpdate(command, context);
      else await installUndisturbed(command, context);
    }
  } catch (error) {
    for (const { path } of plan.files) rmSync(path, { force: true });
    throw error;
  }
}

/**
 * Runs a command that changes what is installed. An interruption would leave dpkg half done, so it
 * only ends the download that comes first, and counts after the command.
 */
async function installUndisturbed(command: Command, context: InstallContext): Promise<void> {
  const { signal, emit } = context;
  if (isInstallation(command)) await run([...command, '--download-only'], options(context));
  if (signal?.aborted) throw interrupted(command);
  const say = () =>
    emit({
      type: 'note',
      level: 'warning',
      message: `interrupted: waiting for \`${command[0]}\` to finish, because stopping it now would leave packages half installed`,
    });
  signal?.addEventListener('abort', say, { once: true });
  try {
    await run(command, { ...options(context), undisturbed: true });
  } finally {
    signal?.removeEventListener('abort', say);
  }
  if (signal?.aborted) throw interrupted(command);
}

function isInstallation(command: Command): boolean {
  return command[0] === 'apt-get' && command.includes('install');
}

function interrupted(command: Command): HarnessError {
  return new HarnessError('INTERRUPTED', `The installation was interrupted; \`${command[0]}\` was not cut off.`);
}

/**
 * Updates apt's package lists. A frozen mirror has an index that has expired, and apt refuses it,
 * because somebody between could offer an old one, with known faults in its packages. It is still
 * signed, so the user can accept it.
 */
async function aptUpdate(command: Command, context: InstallContext): Promise<void> {
  const first = await tryRun(command, options(context));
  if (first.exitCode === 0) return;
  if (!isExpiredIndex(first.all)) throw failed(command, first.all);
  if (!context.acceptExpiredIndex) throw expired(first.all);
  context.emit({
    type: 'note',
    level: 'warning',
    message:
      "apt's package index has expired (frozen mirror or wrong clock): its signature is checked, its date is not",
  });
  const [program, ...rest] = command;
  await run([program, ...WITHOUT_EXPIRY, ...rest], options(context));
}

/** Whether apt's output says that an index has expired, and not that it could not be fetched. */
export function isExpiredIndex(output: string): boolean {
  return /^E: Release file for .* is expired/m.test(output);
}

function options({ signal, progress }: InstallContext) {
  return {
    code: 'SETUP' as const,
    timeout: COMMAND_TIMEOUT,
    env: { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' }, // in English, because the output is parsed
    onLine: progress,
    next: 'Run the command yourself to see its whole output, then run `harness setup` again.',
    signal,
  };
}

function expired(output: string): HarnessError {
  const message =
    "apt's package index has expired: the mirror is frozen, the clock is wrong, or somebody offers an old index.";
  return new HarnessError('SETUP', message, {
    detail: tail(output),
    next: `Check the clock. If you know that the mirror is frozen, accept its index: \`harness setup --accept-expired-index\`, or ${ACCEPT_EXPIRED_VARIABLE}=1 for all commands.`,
  });
}

function failed(command: Command, output: string): HarnessError {
  return new HarnessError('SETUP', `\`${printable(command)}\` failed.`, {
    detail: tail(output),
    next: "Correct apt's sources until this command works, then run `harness setup` again.",
  });
}
