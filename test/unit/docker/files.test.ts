import { describe, expect, it } from 'vitest';
import { readStamp } from '../../../src/docker/files.ts';

const stat = (fields: object) => Buffer.from(JSON.stringify(fields)).toString('base64');
const at = (mtime: string) => stat({ name: 'meta.db', size: 2097152, mode: 420, mtime, linkTarget: '' });
const date = 'Sat, 21 Nov 2026 09:22:04 GMT';

describe('the stamp of a file in a container', () => {
  it('distinguishes changes one nanosecond apart', () => {
    const one = readStamp(at('2026-11-21T09:22:00.998344903Z'), date);
    const other = readStamp(at('2026-11-21T09:22:00.998344904Z'), date);
    expect(one?.text).not.toBe(other?.text);
  });

  it.each([
    ['2026-11-21T09:21:59.5Z', 4500],
    ['2026-11-21T10:22:02.000000001+01:00', 2000],
    ['2026-11-21T09:22:04.9Z', -900],
  ])('has the age that the engine reports: %s', (mtime, age) => {
    expect(readStamp(at(mtime), date)?.age).toBe(age);
  });

  it('does not exist without a time', () => {
    expect(readStamp(stat({ size: 1 }), date)).toBeUndefined();
    expect(readStamp(at('2026-11-21T09:21:59Z'), 'no date')).toBeUndefined();
  });
});
