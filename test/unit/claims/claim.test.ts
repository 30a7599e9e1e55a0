import type { V1Lease } from '@kubernetes/client-node';
import { expect, it } from 'vitest';
import { claimIn, leaseOf, type TestClaim } from '../../../src/claims/claim.ts';
import { CLAIM_ANNOTATION } from '../../../src/core/labels.ts';

const claim: TestClaim = {
  owner: { host: 'here', boot: 'boot', processes: 'pid:[1]', pid: 100, started: '5' },
  command: 'vitest',
  directory: '/repo',
  namespace: 'shop',
  content: 'content',
  references: ['shop/api:dev'],
};

const stored = (annotation: string): V1Lease => ({
  metadata: { name: 'x', uid: 'u', namespace: 'shop', annotations: { [CLAIM_ANNOTATION]: annotation } },
});

it('is read as it was stored', () => {
  const lease = leaseOf('tests-1', claim, new Date('2026-01-02T03:04:05.678Z')) as V1Lease;
  expect(claimIn(lease)).toEqual({ ...claim, name: 'tests-1', uid: '', renewed: '2026-01-02T03:04:05.678000Z' });
});

it.each([
  '',
  'null',
  '{}',
  JSON.stringify({ ...claim, owner: { pid: 1 } }),
  JSON.stringify({ ...claim, references: 1 }),
])('that is incomplete (%s) is none', (annotation) => {
  expect(claimIn(stored(annotation))).toBeUndefined();
});

it('counts for the namespace that it is in, whatever it says', () => {
  expect(claimIn(stored(JSON.stringify({ ...claim, namespace: 'other' })))?.namespace).toBe('shop');
});
