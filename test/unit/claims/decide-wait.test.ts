import { describe, expect, it } from 'vitest';
import type { StoredClaim } from '../../../src/claims/claim.ts';
import { disturbs, EXPIRY_MS, judgeClaim, type Change } from '../../../src/claims/decide-wait.ts';
import type { Owner } from '../../../src/machine/running-process.ts';

const self: Owner = { host: 'here', boot: 'boot-2', processes: 'pid:[1]', pid: 100, started: '5' };
const claim: StoredClaim = {
  name: 'tests-of-another',
  uid: 'uid',
  renewed: 'now',
  owner: { ...self, pid: 200 },
  command: 'vitest',
  directory: '/repo',
  namespace: 'shop',
  content: 'content-1',
  references: ['shop/api:dev'],
};

describe('tests', () => {
  it.each<[string, boolean, Change]>([
    ['by a change of the cluster', true, { what: 'cluster' }],
    ['by another image under a name that they use', true, { what: 'image', reference: 'shop/api:dev' }],
    ['not by an image that they do not use', false, { what: 'image', reference: 'shop/web:dev' }],
    ['by another deployment', true, { what: 'deployment', namespace: 'shop', content: 'content-2' }],
    ['not by an identical deployment', false, { what: 'deployment', namespace: 'shop', content: 'content-1' }],
    ['not by one to another namespace', false, { what: 'deployment', namespace: 'other', content: 'content-2' }],
  ])('are disturbed %s', (_, expected, change) => {
    expect(disturbs(change, claim)).toBe(expected);
  });
});

describe('a claim', () => {
  const judge = (
    owner: Partial<Owner>,
    more: { isAlive?: boolean; ownClaims?: string[]; unrenewedFor?: number } = {},
  ) =>
    judgeClaim(
      { ...claim, owner: { ...claim.owner, ...owner } },
      {
        self,
        isAlive: () => more.isAlive ?? true,
        ownClaims: more.ownClaims ?? [],
        unrenewedFor: () => more.unrenewedFor ?? 0,
      },
    );

  it('of a living process is waited for, however old its renewal is', () => {
    expect(judge({}, { unrenewedFor: 10 * EXPIRY_MS })).toBe('wait');
  });

  it('of a process that has ended is removed', () => {
    expect(judge({}, { isAlive: false })).toBe('remove');
  });

  it('of this process is ignored, and so is one of a process that started this one', () => {
    expect(judge({ pid: self.pid })).toBe('ignore');
    expect(judge({}, { ownClaims: ['another', claim.name] })).toBe('ignore');
  });

  it.each(['host', 'processes'] as const)('of another %s is waited for until it is no longer renewed', (field) => {
    const elsewhere = { [field]: 'elsewhere', pid: self.pid };
    expect(judge(elsewhere, { isAlive: false })).toBe('wait');
    expect(judge(elsewhere, { isAlive: false, unrenewedFor: EXPIRY_MS - 1 })).toBe('wait');
    expect(judge(elsewhere, { isAlive: false, unrenewedFor: EXPIRY_MS })).toBe('remove');
  });
});
