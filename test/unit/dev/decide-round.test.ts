import { describe, expect, it } from 'vitest';
import { planRound, type Noticed } from '../../../src/dev/decide-round.ts';

const nothing: Noticed = { images: [], manifests: false, tests: [] };
const image = (due: boolean) => ({ name: 'api', due, reason: 'because' });

describe('a round', () => {
  it('does not begin for what concerns nobody', () => {
    expect(planRound(nothing, true)).toBeUndefined();
    expect(planRound(nothing, false)).toBeUndefined();
    expect(planRound({ ...nothing, images: [image(false)] }, true)).toBeUndefined();
  });

  it.each<[string, Partial<Noticed>, boolean, object]>([
    [
      'builds what is due',
      { images: [image(true)] },
      true,
      { work: 'everything', title: 'image api: because → build, load, deploy, test' },
    ],
    [
      'deploys what was mended without a build',
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
      'does everything when nothing stands to be tested',
      { tests: ['a'] },
      false,
      { work: 'everything', title: 'tests: a changed → deploy, test' },
    ],
    [
      'names few files',
      { tests: ['a', 'b', 'c', 'd', 'e'] },
      true,
      { work: 'tests', title: 'tests: a, b, c, 2 more changed → test' },
    ],
  ])('%s', (_, noticed, ready, plan) => {
    expect(planRound({ ...nothing, ...noticed }, ready)).toEqual(plan);
  });
});
