/** Finds out what kind of machine this is. Cheap: it reads a few small files and runs nothing. */
import { readdirSync, readFileSync } from 'node:fs';

/** The distribution, as in `/etc/os-release`. */
export interface Distribution {
  id: string;
  codename: string | undefined;
  /** Undefined in Debian's testing and unstable. */
  version: string | undefined;
  name: string;
}

export interface Platform {
  os: NodeJS.Platform;
  /** Undefined unless this is Linux. */
  distribution: Distribution | undefined;
  root: boolean;
  /** Whether systemd is process 1, so that services can be started with `systemctl`. */
  systemd: boolean;
  /** The kernel's limit of inotify instances for one user; undefined if it has none. */
  inotifyInstances: number | undefined;
}

/** The machine that this process runs on. */
export function observePlatform(): Platform {
  const os = process.platform;
  const linux = os === 'linux';
  return {
    os,
    distribution: linux ? parseOsRelease(read('/etc/os-release') ?? read('/usr/lib/os-release') ?? '') : undefined,
    root: process.getuid?.() === 0,
    systemd: linux && read('/proc/1/comm')?.trim() === 'systemd',
    inotifyInstances: linux ? wholeNumber(read('/proc/sys/fs/inotify/max_user_instances')) : undefined,
  };
}

/** Parses os-release(5). */
export function parseOsRelease(text: string): Distribution {
  const value = (key: string) => new RegExp(`^${key}=["']?([^"'\\n]*)`, 'm').exec(text)?.[1] || undefined;
  const id = value('ID') ?? 'linux';
  return { id, codename: value('VERSION_CODENAME'), version: value('VERSION_ID'), name: value('PRETTY_NAME') ?? id };
}

export function list(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return []; // no such directory
  }
}

export function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // not on this system
  }
}

function wholeNumber(text: string | undefined): number | undefined {
  const number = Number.parseInt(text ?? '', 10);
  return Number.isNaN(number) ? undefined : number;
}
