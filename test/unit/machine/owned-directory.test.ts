import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openOwnedDirectory, removeAbandoned } from '../../../src/machine/owned-directory.ts';
import { isAlive, thisProcess } from '../../../src/machine/running-process.ts';
import { removeTemporaries } from '../../../src/machine/temporary-files.ts';
import { scratch } from '../../support/scratch.ts';

const HOUR = 3_600_000;
const self = thisProcess();
const DEAD = 999_999_999; // beyond the largest process id

/** Dates a path back. */
function age(path: string, ms: number): void {
  const time = (Date.now() - ms) / 1000;
  utimesSync(path, time, time);
}

/** A directory that another process made. */
function left(parent: string, name: string, owner: object | undefined, ms = 0): string {
  const path = join(parent, name);
  mkdirSync(path);
  writeFileSync(join(path, 'file'), '');
  if (owner) writeFileSync(`${path}.owner`, JSON.stringify(owner));
  for (const each of owner ? [path, `${path}.owner`] : [path]) age(each, ms);
  return path;
}

describe('a directory of a process', () => {
  it('is new each time, and leaves nothing when it is removed', () => {
    const parent = join(scratch(), 'build');
    const [one, two] = [openOwnedDirectory(parent, 'api-'), openOwnedDirectory(parent, 'api-')];
    expect(one.path).not.toBe(two.path);
    writeFileSync(join(one.path, 'Dockerfile'), '');
    one.remove();
    expect([existsSync(one.path), existsSync(two.path)]).toEqual([false, true]);
    two.remove();
    expect(readdirSync(parent)).toEqual([]);
  });

  it.each<[string, object | undefined, number, boolean]>([
    ['of a process that has ended', { ...self, pid: DEAD }, 0, false],
    ['of an earlier process with a number that is in use again', { ...self, started: '1' }, 0, false],
    ['from before the machine was started', { ...self, boot: 'earlier' }, 0, false],
    ['of a living process, however old', self, 1000 * HOUR, true],
    ['of another container, with a number that is free here', { ...self, processes: 'pid:[1]', pid: DEAD }, HOUR, true],
    ['of another machine', { ...self, host: 'other' }, HOUR, true],
    ['of another machine, days ago', { ...self, host: 'other' }, 25 * HOUR, false],
    ['without an owner', undefined, HOUR, true],
    ['without an owner, days ago', undefined, 25 * HOUR, false],
  ])('%s: it stays or goes', (_title, owner, ms, stays) => {
    const parent = scratch();
    const path = left(parent, 'api-1', owner, ms);
    removeAbandoned(parent, { self, isAlive });
    expect(existsSync(path)).toBe(stays);
    expect(existsSync(`${path}.owner`)).toBe(stays && owner !== undefined);
  });

  it('is removed by the next one beside it', () => {
    const parent = scratch();
    const path = left(parent, 'api-1', { ...self, pid: DEAD });
    openOwnedDirectory(parent, 'web-').remove();
    expect(existsSync(path)).toBe(false);
  });

  it('that a process was killed before making leaves no owner', () => {
    const parent = scratch();
    writeFileSync(join(parent, 'api-1.owner'), JSON.stringify({ ...self, pid: DEAD }));
    removeAbandoned(parent);
    expect(readdirSync(parent)).toEqual([]);
  });
});

describe('temporary files', () => {
  it('of killed writers go, and nothing else', () => {
    const root = scratch();
    const plant = (path: string, ms: number) => {
      mkdirSync(join(root, path, '..'), { recursive: true });
      writeFileSync(join(root, path), '');
      age(join(root, path), ms);
    };
    plant('built/api.json.42-x1y2.tmp', 2 * HOUR);
    plant('api.json.42-x1y2.tmp', 2 * HOUR);
    const kept = ['built/api.json', 'built/notes.tmp', 'built/my-1.tmp', 'artifacts/run/a.42-x1.tmp'];
    for (const path of kept) plant(path, 2 * HOUR);
    plant('built/web.json.42-x1y2.tmp', 0); // somebody may be writing it
    removeTemporaries(root, ['artifacts']);
    const all = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => /\.(json|tmp)$/.test(path));
    expect(all.sort()).toEqual([...kept, 'built/web.json.42-x1y2.tmp'].sort());
    removeTemporaries(join(root, 'missing'));
  });
});
