import { describe, expect, it } from 'vitest';
import { describeHolder, readHolder, type Holder } from '../../../src/locking/holder.ts';
import { isParent, judgeHolder } from '../../../src/locking/judge-holder.ts';
import type { Owner } from '../../../src/machine/running-process.ts';

const self: Owner = { host: 'here 1234', boot: 'boot', processes: 'pid:[1]', pid: 100, started: '5' };
const holder: Holder = {
  token: 'a',
  owner: self,
  user: 'me',
  command: 'harness up',
  since: '2026-01-02T03:04:05.678Z',
};
const running = [100, 101];
const observer = { self, isAlive: ({ pid }: { pid: number }) => running.includes(pid), ownTokens: new Set(['a']) };

const by = (owner: Partial<Owner>, token = 'b'): Holder => ({ ...holder, token, owner: { ...self, ...owner } });

describe('a holder', () => {
  it.each<[string, Holder, ReturnType<typeof judgeHolder>]>([
    ['is alive while its process runs', by({ pid: 101 }), 'alive'],
    ['has ended with its process', by({ pid: 102 }), 'dead'],
    ['is alive in this process while it holds', holder, 'alive'],
    ['has ended in this process if it no longer holds', by({}), 'dead'],
    ['is not known in another container', by({ processes: 'pid:[2]' }), 'unknown'],
    ['is not known without a start time, because ids are used again', by({ pid: 101, started: '' }), 'unknown'],
    ['is alive without a start time if an older version stored it', by({ pid: 101, started: '' }, ''), 'alive'],
  ])('%s', (_, given, expected) => {
    expect(judgeHolder(given, observer)).toBe(expected);
  });

  it.each([
    [undefined, false],
    ['', false],
    ['x a', true],
    ['x', false],
  ])('with the inherited tokens %j is a parent: %s', (inherited, expected) => {
    expect(isParent(holder, inherited)).toBe(expected);
    expect(isParent({ ...holder, token: '' }, inherited)).toBe(false);
  });

  it('is named with its process, user, machine and time', () => {
    expect(describeHolder(holder)).toBe('harness up (process 100) of me on here, since 2026-01-02T03:04:05Z');
  });

  it('is read as it was stored', () => {
    expect(readHolder(JSON.stringify(holder), self)).toEqual(holder);
    expect(readHolder(JSON.stringify({ pid: 7, started: '1', command: 'x' }), self)).toMatchObject({
      token: '',
      owner: { ...self, pid: 7, started: '1' },
    });
  });

  it.each([undefined, '', '{', 'null', '[]', '"x"', '{"command":"x"}', '{"command":"x","token":"a","owner":{}}'])(
    'is not read from %s',
    (text) => {
      expect(readHolder(text, self)).toBeUndefined();
    },
  );
});
