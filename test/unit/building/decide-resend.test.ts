import type { Stats } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hidesChange } from '../../../src/building/decide-resend.ts';
import { RowBuilder, type RowKind, type Rows } from '../../../src/sources/rows.ts';

function rows(...files: { path?: string; kind?: RowKind; size?: number; time?: number; hash?: string }[]): Rows {
  const builder = new RowBuilder();
  for (const { path = 'a', kind = 'file', size = 1, time = 1, hash = 'x' } of files) {
    const stat = { size, mtimeMs: time, ctimeMs: Math.random(), ino: 1, mode: 0o644 } as Stats;
    builder.add(path, kind, stat, Buffer.from(hash.padEnd(32)), undefined);
  }
  return builder.finish();
}

describe('a change that BuildKit does not see', () => {
  it('is other content under the same size and time', () => {
    expect(hidesChange(rows({ path: 'b' }, { hash: 'x' }), rows({ hash: 'y' }, { path: 'b' }))).toBe(true);
  });

  it.each([
    ['the same content', rows({}), rows({})],
    ['another size', rows({}), rows({ hash: 'y', size: 2 })],
    ['another time', rows({}), rows({ hash: 'y', time: 2 })],
    ['another kind', rows({}), rows({ hash: 'y', kind: 'link' })],
    ['an added file', rows({}), rows({}, { path: 'b', hash: 'y' })],
    ['a deleted file', rows({}, { path: 'b' }), rows({})],
  ])('is not %s', (_, sent, now) => {
    expect(hidesChange(sent, now)).toBe(false);
  });
});
