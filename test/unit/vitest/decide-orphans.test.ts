import { describe, expect, it } from 'vitest';
import { TEST_ANNOTATIONS, TEST_LABELS } from '../../../src/core/labels.ts';
import type { Owner } from '../../../src/machine/running-process.ts';
import { orphanedNamespaces } from '../../../src/vitest/decide-orphans.ts';

const self: Owner = { host: 'here', boot: 'boot-2', processes: 'pid:[1]', pid: 100, started: '5' };
const dead: Owner = { ...self, pid: 50 };
const isAlive = ({ pid, started }: Pick<Owner, 'pid' | 'started'>) => pid === 100 && started === '5';

function namespace(owner: unknown, more: { project?: string; deletionTimestamp?: Date } = {}) {
  const annotations =
    owner === undefined ? {} : { [TEST_ANNOTATIONS.owner]: typeof owner === 'string' ? owner : JSON.stringify(owner) };
  const { deletionTimestamp } = more;
  return {
    metadata: {
      name: 'test-x',
      labels: { [TEST_LABELS.project]: more.project ?? 'shop' },
      annotations,
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    },
  };
}

const isRemoved = (each: ReturnType<typeof namespace>, by: Owner = self) =>
  orphanedNamespaces([each], { project: 'shop', self: by, isAlive }).length === 1;

describe('a test namespace', () => {
  it.each<[string, Owner]>([
    ['whose process has ended', dead],
    ['whose process id was reused', { ...self, started: '4' }],
    ['of this machine before its restart', { ...self, boot: 'boot-1' }],
  ])('%s is removed', (_, owner) => {
    expect(isRemoved(namespace(owner))).toBe(true);
  });

  it.each<[string, unknown]>([
    ['of a live run', self],
    ['of another machine', { ...dead, host: 'there' }],
    ['of a container, whose processes are not visible from here', { ...dead, processes: 'pid:[2]' }],
    ['of a machine without boot ids', { ...dead, boot: '' }],
    ['with no owner', undefined],
    ['with an owner that is not JSON', 'nobody'],
    ['with an incomplete owner', { pid: 50, host: 'here' }],
  ])('%s stays', (_, owner) => {
    expect(isRemoved(namespace(owner))).toBe(false);
  });

  it('of another project stays', () => {
    expect(isRemoved(namespace(dead, { project: 'other' }))).toBe(false);
  });

  it('that is being deleted is ignored', () => {
    expect(isRemoved(namespace(dead, { deletionTimestamp: new Date(0) }))).toBe(false);
  });

  it('of a dead process is removed on a system without boot ids and process namespaces', () => {
    const plain = { boot: '', processes: '' };
    expect(isRemoved(namespace({ ...dead, ...plain }), { ...self, ...plain })).toBe(true);
    expect(isRemoved(namespace({ ...self, ...plain }), { ...self, ...plain })).toBe(false);
  });
});
