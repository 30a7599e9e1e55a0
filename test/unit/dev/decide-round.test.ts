import { describe, expect, it } from 'vitest';
import { planRound, type ObservedChanges } from '../../../src/dev/decide-round.ts';

const nothing: ObservedChanges = { images: [], manifests: false, tests: [] };
const image = (mustBuild: boolean) => ({ name: 'api', mustBuild, reason: 'because' });

describe('a round', () => {
  it('does not start without relevant changes', () => {
    expect(planRound(nothing, true)).toBeUndefined();
    expect(planRound(nothing, false)).toBeUndefined();
    expect(planRound({ ...nothing, images: [image(false)] }, true)).toBeUndefined();
  });

  it.each<[string, Partial<ObservedChanges>, boolean, object]>([
    [
      'builds a stale image',
      { images: [image(true)] },
      true,
      { work: 'everything', title: 'image api: because → build, load, deploy, test' },
    ],
    [
      'deploys after a failed round when an image is fresh again',
      { images: [image(false)] },
      false,
      { work: 'everything', title: 'image api: because → deploy, test' },
    ],
    ['deploys manifests', { manifests: true }, true, { work: 'everything', title: 'manifests changed → deploy, test' }],
    [
      'only tests when only tests changed',
      { tests: ['a', 'b'] },
      true,
      { work: 'tests', title: 'tests: a, b changed → test' },
    ],
    [
      'does everything when the last deployment failed',
      { tests: ['a'] },
      false,
      { work: 'everything', title: 'tests: a changed → deploy, test' },
    ],
    [
      'names only the first files',
      { tests: ['a', 'b', 'c', 'd', 'e'] },
      true,
      { work: 'tests', title: 'tests: a, b, c, 2 more changed → test' },
    ],
  ])('%s', (_, changes, isDeployed, plan) => {
    expect(planRound({ ...nothing, ...changes }, isDeployed)).toEqual(plan);
  });
});
