import { describe, expect, it } from 'vitest';
import { judgeOwner, readOwner } from '../../../src/machine/judge-owner.ts';
import type { Owner } from '../../../src/machine/running-process.ts';

const self: Owner = { host: 'here', boot: 'boot-2', processes: 'pid:[1]', pid: 100, started: '5' };
const isAlive = ({ pid, started }: Pick<Owner, 'pid' | 'started'>) => pid === 100 && started === '5';

describe('a process', () => {
  it.each<[string, Partial<Owner>, ReturnType<typeof judgeOwner>]>([
    ['that runs', {}, 'alive'],
    ['that has ended', { pid: 50 }, 'dead'],
    ['whose id was reused', { started: '4' }, 'dead'],
    ['of this machine before its restart', { boot: 'boot-1' }, 'dead'],
    ['of a machine without boot ids', { boot: '' }, 'unknown'],
    ['of another machine', { host: 'there', pid: 50 }, 'unknown'],
    ['of a container', { processes: 'pid:[2]', pid: 50 }, 'unknown'],
  ])('%s is judged by what can be seen from here', (_, owner, expected) => {
    expect(judgeOwner({ ...self, ...owner }, { self, isAlive })).toBe(expected);
  });
});

describe('a stored owner', () => {
  it('is read', () => {
    expect(readOwner(JSON.stringify(self))).toEqual(self);
  });

  it.each([undefined, 'nobody', 'null', '{"pid":1}'])('that is incomplete (%s) is none', (text) => {
    expect(readOwner(text)).toBeUndefined();
  });
});
