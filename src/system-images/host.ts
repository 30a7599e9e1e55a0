import { existsSync } from 'node:fs';
import { additionalSuite } from '../apt/additional-suite.ts';
import { ACCEPT_EXPIRED_VARIABLE, APT_GET, APT_INSTALL, install } from '../apt/install.ts';
import { debianMirror, type DebianMirror } from '../apt/mirror.ts';
import { readAptSources } from '../apt/sources.ts';
import { HarnessError } from '../core/error.ts';
import type { Emit } from '../core/event.ts';
import { observePlatform } from '../machine/platform.ts';
import { tryRun } from '../machine/process.ts';
import { OTHER_WAYS } from './failure.ts';

/** What matters about this machine for building Debian file systems and installing packages. */
export interface Host {
  /** The Debian release of this machine; undefined on another system. */
  debianRelease: string | undefined;
  root: boolean;
  hasApt: boolean;
  /**
   * This machine's apt settings about the age of package lists. An image needs the same settings,
   * or apt fails in it.
   */
  aptSettings: string;
}

/** Observes this machine. */
export async function observeHostSystem(): Promise<Host> {
  const { distribution, root } = observePlatform();
  const hasApt = existsSync('/usr/bin/apt-get');
  return {
    debianRelease: distribution?.id === 'debian' ? distribution.codename : undefined,
    root,
    hasApt,
    aptSettings: hasApt ? await listAgeSettings() : '',
  };
}

/** The mirror that this machine would use for a Debian suite. */
export function mirrorFor(host: Host, suite: string): DebianMirror {
  return debianMirror(host.hasApt ? readAptSources() : [], suite, host.debianRelease);
}

export interface InstallOptions {
  /** Says whether an expired index is accepted. */
  env: NodeJS.ProcessEnv;
  emit: Emit;
  progress: (line: string) => void;
  signal?: AbortSignal | undefined;
  /**
   * The Debian release to install the packages from. It is added to the machine's own, with such a
   * low priority that apt installs nothing from it unless asked.
   */
  suite?: string;
}

/**
 * Installs packages with apt.
 * @throws HarnessError NODE_IMAGE when this process may not or cannot install them, SETUP with
 * apt's last lines.
 */
export async function installPackages(host: Host, packages: readonly string[], options: InstallOptions): Promise<void> {
  const { suite, env, emit, progress, signal } = options;
  const acceptExpiredIndex = env[ACCEPT_EXPIRED_VARIABLE] === '1';
  if (!host.root || !host.hasApt || (suite !== undefined && host.debianRelease === undefined)) {
    throw new HarnessError(
      'NODE_IMAGE',
      `Building the node image needs ${packages.join(', ')}, which the harness cannot install here.`,
      {
        next: host.hasApt
          ? `Run \`sudo apt-get install ${packages.join(' ')}\`, then run the command again. ${OTHER_WAYS}`
          : `The node image can be built only on Debian or Ubuntu. ${OTHER_WAYS}`,
      },
    );
  }
  const names = packages.map((name) => (suite === undefined ? name : `${name}/${suite}`));
  const files = suite === undefined ? [] : (additionalSuite(readAptSources(), suite, host.debianRelease) ?? []);
  const commands: [string, ...string[]][] = [
    [...APT_GET, 'update'],
    [...APT_INSTALL, ...names],
  ];
  // One installation after another: the compiler and the root file system need their tools at the
  // same time, but apt does not wait for the lock on its package lists.
  const current = previous.then(() => install({ files, commands }, { emit, progress, signal, acceptExpiredIndex }));
  previous = current.catch(() => undefined);
  await current;
}

/** The last installation in this process. */
let previous: Promise<unknown> = Promise.resolve();

async function listAgeSettings(): Promise<string> {
  const { stdout } = await tryRun([
    'apt-config',
    'dump',
    '--format',
    '%f "%v";%n',
    'Acquire::Check-Valid-Until',
    'Acquire::Check-Date',
  ]);
  return stdout.trim();
}
