import { expect, it } from 'vitest';
import { decideStep } from '../../../src/rendering/decide-step.ts';

const applied = [
  { kind: 'Service', name: 'api', digest: '1' },
  { kind: 'Deployment', name: 'api', digest: '2' },
];
const last = { inputs: 'a', applied };

it('a step is skipped if nothing changed, neither here nor in the cluster', () => {
  expect(decideStep({ inputs: 'a', last, now: ['1', '2'] })).toEqual({ action: 'skip' });
});

it.each([
  [{ inputs: undefined, last, now: ['1', '2'] }, 'what it depends on is not known'],
  [{ inputs: 'a', last: undefined, now: [] }, 'it was not done from here before'],
  [{ inputs: 'b', last, now: ['1', '2'] }, 'its inputs changed'],
  [{ inputs: 'a', last, now: ['1', '3'] }, 'Deployment api was changed'],
  [{ inputs: 'a', last, now: [undefined, '2'] }, 'Service api is gone'],
  [{ inputs: 'a', last, now: [] }, 'Service api is gone'],
])('otherwise it is done: %j', (facts, reason) => {
  expect(decideStep(facts)).toEqual({ action: 'do', reason });
});
