import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { thisProcess } from '../../../src/machine/running-process.ts';
import { builtReference, directoriesDigest, recipeDigest } from '../../../src/system-images/recipe.ts';
import { versions } from '../../../src/system-images/versions.ts';
import { openWorkDirectory } from '../../../src/system-images/work-directory.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'recipe-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('the digest of a recipe', () => {
  it('depends on names, contents and facts only', () => {
    mkdirSync(join(directory, 'a'));
    const file = join(directory, 'a', 'script');
    writeFileSync(file, 'one');
    const before = directoriesDigest([directory], { suite: 'x' });
    chmodSync(file, 0o755);
    utimesSync(file, 1, 1);
    expect(directoriesDigest([directory], { suite: 'x' })).toBe(before);
    expect(directoriesDigest([directory], { suite: 'y' })).not.toBe(before);
    writeFileSync(file, 'two');
    const changed = directoriesDigest([directory], { suite: 'x' });
    expect(changed).not.toBe(before);
    writeFileSync(join(directory, 'b'), '');
    expect(directoriesDigest([directory], { suite: 'x' })).not.toBe(changed);
  });

  it('names the image', () => {
    expect(builtReference('0123456789abcdef')).toBe(`kind-harness/node:${versions.kubernetes}-0123456789ab`);
    expect(recipeDigest()).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('the directory of a build', () => {
  it('is unique, is removed, and directories of dead processes are removed with it', async () => {
    const parent = join(directory, 'kind-harness', 'node-image', 'digest');
    mkdirSync(join(parent, 'dead'), { recursive: true });
    const dead = { ...thisProcess(), pid: 999_999_999 }; // beyond the largest process id
    writeFileSync(join(parent, 'dead.owner'), JSON.stringify(dead));
    let path: string;
    {
      await using one = openWorkDirectory({ XDG_CACHE_HOME: directory }, 'node-image', 'digest');
      await using two = openWorkDirectory({ XDG_CACHE_HOME: directory }, 'node-image', 'digest');
      path = one.path;
      expect(two.path).not.toBe(path);
      expect(readdirSync(parent).sort()).toEqual(
        [one, two].flatMap(({ path: made }) => [basename(made), `${basename(made)}.owner`]).sort(),
      );
    }
    expect(existsSync(path)).toBe(false);
    expect(existsSync(parent)).toBe(false);
  });
});
