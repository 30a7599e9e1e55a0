import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TestSources } from '../../../src/testing/test-sources.ts';
import { plant, scratch } from '../../support/scratch.ts';

const TEST = 'packages/a/test/a.test.ts';

/** A repository with a package `packages/a`, which has a test. */
function repository(): { root: string; changes: (files: Record<string, string>) => string[] } {
  const root = scratch();
  plant(root, {
    '.git/': '',
    'vitest.config.ts': '',
    'other.config.ts': '',
    [TEST]: '',
    'packages/a/package.json': '{}',
  });
  const report = {
    file: join(root, TEST),
    imports: [join(root, TEST), join(root, 'node_modules/x/x.js'), join(root, 'vitest.config.ts')],
    configurations: [join(root, 'other.config.ts')],
  };
  const changes = (files: Record<string, string>) => {
    const before = new TestSources(root);
    const names = before.namesOf(report);
    names.forEach((name) => before.digest(name));
    plant(root, files);
    const after = new TestSources(root);
    return names.filter((name) => before.digest(name) !== after.digest(name));
  };
  return { root, changes };
}

describe('a test file in a package of its own', () => {
  it('depends on what is installed there, and on settings that tools find there', () => {
    const { changes } = repository();
    const name = 'packages of packages/a';
    expect(changes({ 'packages/a/node_modules/.package-lock.json': '{}' })).toEqual([name]);
    expect(changes({ 'packages/a/node_modules/.package-lock.json': '{ }' })).toEqual([name]);
    expect(changes({ 'packages/a/tsconfig.json': '{}' })).toEqual([name]);
    expect(changes({ 'packages/a/vitest.config.ts': '' })).toEqual([name]);
    expect(changes({ 'packages/a/read.me': '' })).toEqual([]);
  });

  it('does not depend on other packages, nor here on what all tests share', () => {
    const { changes } = repository();
    expect(changes({ 'packages/b/package.json': '{}', 'node_modules/.package-lock.json': '{}' })).toEqual([]);
  });
});

describe('a test file', () => {
  it('depends on the configuration of every project, but not on what is next to that', () => {
    const { changes } = repository();
    expect(changes({ 'other.config.ts': 'export default {};' })).toEqual(['other.config.ts']);
    expect(changes({ 'vitest.config.ts': 'export default {};' })).toEqual(['vitest.config.ts']);
  });

  it('does not depend on single files of installed packages', () => {
    const { changes } = repository();
    expect(changes({ 'node_modules/x/x.js': '1' })).toEqual([]);
  });
});
