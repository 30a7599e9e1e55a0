/** Reads what kind of machine this is. Cheap: a few small files, no program is run. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDeb822, parseOneLine, type AptSource } from '../apt/sources.ts';
import type { Distribution, Platform } from '../setup/observed.ts';

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

/** Reads os-release(5). */
export function parseOsRelease(text: string): Distribution {
  const value = (key: string) => new RegExp(`^${key}=["']?([^"'\\n]*)`, 'm').exec(text)?.[1] || undefined;
  const id = value('ID') ?? 'linux';
  return { id, codename: value('VERSION_CODENAME'), version: value('VERSION_ID'), name: value('PRETTY_NAME') ?? id };
}

/** Every entry of apt's sources, in apt's own order. */
export function readAptSources(directory = '/etc/apt'): AptSource[] {
  const parts = join(directory, 'sources.list.d');
  const files = [join(directory, 'sources.list'), ...list(parts).map((name) => join(parts, name))];
  return files.flatMap((file) => {
    const text = read(file) ?? '';
    if (file.endsWith('.sources')) return parseDeb822(text);
    return file.endsWith('.list') ? parseOneLine(text) : []; // apt ignores other endings, and so must we
  });
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return []; // no such directory: no sources in it
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // absent on this system, which is an answer
  }
}

function wholeNumber(text: string | undefined): number | undefined {
  const number = Number.parseInt(text ?? '', 10);
  return Number.isNaN(number) ? undefined : number;
}
