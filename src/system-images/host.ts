import { existsSync } from 'node:fs';
import { additionalSuite } from '../apt/additional-suite.ts';
import { APT_GET, APT_INSTALL, install } from '../apt/install.ts';
import { debianMirror, type DebianMirror } from '../apt/mirror.ts';
import { readAptSources } from '../apt/sources.ts';
import { HarnessError } from '../core/error.ts';
import type { Emit } from '../core/event.ts';
import { observePlatform } from '../machine/platform.ts';
import { tryRun } from '../machine/process.ts';
import { OTHER_WAYS } from './failure.ts';

/** What of this machine matters for making Debian file systems and installing packages. */
export interface Host {
  /** The release of Debian that runs here; undefined on another system. */
  debianRelease: string | undefined;
  root: boolean;
  hasApt: boolean;
  /**
   * apt's settings about the age of package lists, as this machine has them: an image must be as
   * tolerant, or apt fails in it.
   */
  aptSettings: string;
}

/** Looks at this machine. */
export async function observeHostSystem(): Promise<Host> {
  const { distribution, root } = observePlatform();
  const hasApt = existsSync('/usr/bin/apt-get');
  return {
    debianRelease: distribution?.id === 'debian' ? distribution.codename : undefined,
    root,
    hasApt,
    aptSettings: hasApt ? await lenience() : '',
  };
}

/** The mirror that this machine would use for a Debian suite. */
export function mirrorFor(host: Host, suite: string): DebianMirror {
  return debianMirror(host.hasApt ? readAptSources() : [], suite, host.debianRelease);
}

export interface InstallOptions {
  emit: Emit;
  progress: (line: string) => void;
  signal?: AbortSignal | undefined;
  /**
   * A release of Debian that the packages come from. It is added beside the machine's own, with a
   * priority that makes apt take nothing from it unasked.
   */
  suite?: string;
}

/**
 * Installs packages with apt.
 * @throws HarnessError NODE_IMAGE where only somebody else can install them, SETUP with apt's last
 * lines.
 */
export async function installPackages(host: Host, packages: readonly string[], options: InstallOptions): Promise<void> {
  const { suite, emit, progress, signal } = options;
  if (!host.root || !host.hasApt || (suite !== undefined && host.debianRelease === undefined)) {
    throw new HarnessError(
      'NODE_IMAGE',
      `${packages.join(', ')} must be installed to build the node image, and cannot be installed from here.`,
      {
        next: host.hasApt
          ? `Run \`sudo apt-get install ${packages.join(' ')}\`, then the command again. ${OTHER_WAYS}`
          : `The node image is built on Debian or Ubuntu. ${OTHER_WAYS}`,
      },
    );
  }
  const names = packages.map((name) => (suite === undefined ? name : `${name}/${suite}`));
  const files = suite === undefined ? [] : (additionalSuite(readAptSources(), suite, host.debianRelease) ?? []);
  const commands: [string, ...string[]][] = [
    [...APT_GET, 'update'],
    [...APT_INSTALL, ...names],
  ];
  // One after another: the compile and the root file system want their tools at the same time, and
  // apt does not wait for its own lists.
  const turn = installing.then(() => install({ files, commands }, { emit, progress, signal }));
  installing = turn.catch(() => undefined);
  await turn;
}

let installing: Promise<unknown> = Promise.resolve();

async function lenience(): Promise<string> {
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
