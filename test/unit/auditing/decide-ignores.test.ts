import { Stats } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { patternFilter } from '../../../src/auditing/context-files.ts';
import { decideIgnores, type ContextUse } from '../../../src/auditing/decide-ignores.ts';
import { RowBuilder } from '../../../src/sources/rows.ts';

/** Rows of files with these sizes. */
function rowsOf(files: Record<string, number>) {
  const rows = new RowBuilder();
  for (const [path, size] of Object.entries(files)) {
    const stat = Object.assign(Object.create(Stats.prototype) as Stats, {
      size,
      mtimeMs: 1,
      ctimeMs: 1,
      ino: 1,
      mode: 0o644,
    });
    rows.add(path, 'file', stat, new Uint8Array(32), undefined);
  }
  return rows.finish();
}

const use = (named: string[], more: Partial<ContextUse> = {}): ContextUse => ({
  image: 'a',
  named,
  names: named.length === 0 ? () => false : patternFilter(named),
  sweep: undefined,
  runs: '',
  ...more,
});
const propose = (files: Record<string, number>, uses: ContextUse[], ignore = '') => {
  const { lines, bytesBefore, bytesAfter } = decideIgnores(rowsOf(files), ignore, uses, (path) =>
    path.endsWith('.env'),
  );
  return { lines: lines.map(({ line }) => line), bytesBefore, bytesAfter };
};

const MB = 1_000_000;

describe('lines for an ignore file', () => {
  it('leave out the highest directories that no step takes', () => {
    const files = { 'src/a': MB, 'docs/x/video': 5 * MB, 'docs/y': 1, 'lib/used/a': 1, 'lib/rest/b': MB, small: 10 };
    expect(propose(files, [use(['src', 'lib/used'])])).toEqual({
      lines: ['/docs', '/lib/rest'],
      bytesBefore: 7 * MB + 12,
      bytesAfter: MB + 11,
    });
  });

  it('leave nothing out that another image with the same ignore file names', () => {
    expect(propose({ 'a/x': MB, 'b/x': MB, 'c/x': MB }, [use(['a']), use(['b'])]).lines).toEqual(['/c']);
  });

  it('leave out secrets that no step takes, however small', () => {
    expect(propose({ 'src/a': 1, '.env': 5, other: 5 }, [use(['src'])]).lines).toEqual(['/.env']);
  });

  it('leave out what COPY . takes only if other steps make it again', () => {
    const files = { 'src/a': MB, 'node_modules/x/y': 9 * MB, 'web/node_modules/z': MB, '.git/objects/o': 3 * MB };
    const sweep = 'Dockerfile:2';
    expect(propose(files, [use([], { sweep, runs: 'npm ci' })])).toEqual({
      lines: ['**/node_modules', '**/.git'],
      bytesBefore: 14 * MB,
      bytesAfter: MB,
    });
    expect(propose(files, [use([], { sweep, runs: 'git describe' })]).lines).toEqual([]);
    expect(propose(files, [use([], { sweep, runs: 'npm ci' }), use([], { sweep, runs: 'git log' })]).lines).toEqual([]);
  });

  it('leave out nothing that a step names beside COPY .', () => {
    const files = { 'node_modules/kept/y': MB, 'node_modules/x': MB };
    expect(propose(files, [use(['node_modules/kept'], { sweep: 'Dockerfile:2', runs: 'npm ci' })]).lines).toEqual([]);
  });

  it('write special characters of paths as they are', () => {
    const files = { 'a[1]/x': MB, 'b*/x': MB, '#c/x': MB, 'src/x': 1, 'bc/x': 1 };
    expect(propose(files, [use(['src', 'bc'])])).toEqual({
      lines: ['/a\\[1\\]', '/b\\*', '/#c'],
      bytesBefore: 3 * MB + 2,
      bytesAfter: 2,
    });
  });
});
