import { describe, expect, it } from 'vitest';
import { decideClean } from '../../../src/pruning/decide-clean.ts';
import type { DockerHolding } from '../../../src/pruning/decide-prune.ts';

const id = `sha256:${'1'.repeat(64)}`;
const pushName = `127.0.0.1:32768/kind-harness:${'1'.repeat(64)}`;

const decide = (names: string[], more: Partial<DockerHolding> = {}) => {
  const holding = {
    id,
    names,
    labels: { project: 'shop', image: 'api' },
    isOwn: true,
    isOthers: false,
    neededBy: [],
    ...more,
  };
  const { removals, kept } = decideClean([holding], {
    project: 'shop',
    configured: ['shop/api:dev', 'registry.example/web:1'],
    foreignPorts: new Set([32769]),
  });
  return { removals: removals.map(({ names: removed, whole }) => ({ names: removed, whole })), kept };
};
const removed = (names: string[], more?: Partial<DockerHolding>) => decide(names, more).removals;

describe('cleaning Docker', () => {
  it('removes builds of the project: without a name, with configured names, or left by a push', () => {
    for (const names of [[], ['registry.example/web:1'], ['shop/api:dev'], ['shop/api:dev', pushName], [pushName]])
      expect(decide(names)).toEqual({ removals: [{ names, whole: true }], kept: [] });
  });

  it.each(['acme/api:1.4.0', 'shop/api:1.4.0', 'shop/old:dev', 'registry.example/web:2', 'api:dev'])(
    'keeps the name %s, which is not configured, and the image with it',
    (name) => {
      const kept = [{ image: name, reason: 'the name is not configured' }];
      expect(decide([name])).toEqual({ removals: [], kept });
      expect(decide(['shop/api:dev', name])).toEqual({ removals: [{ names: ['shop/api:dev'], whole: false }], kept });
    },
  );

  it('keeps what was pushed to the registry of another cluster', () => {
    expect(removed([pushName.replace('32768', '32769')])).toEqual([]);
  });

  it('removes digests together with the tags of their repository', () => {
    const digest = `@sha256:${'a'.repeat(64)}`;
    expect(removed(['registry.example/web:1', `registry.example/web${digest}`])).toEqual([
      { names: ['registry.example/web:1'], whole: true },
    ]);
    expect(decide(['shop/api:dev', `acme/api${digest}`])).toEqual({
      removals: [{ names: ['shop/api:dev'], whole: false }],
      kept: [{ image: `acme/api${digest}`, reason: 'the name is not configured' }],
    });
  });

  it('keeps an image that something needs, with all its names', () => {
    for (const neededBy of [['container db'], ['image acme/api:1']])
      expect(decide(['shop/api:dev', pushName], { neededBy })).toEqual({
        removals: [],
        kept: [{ image: `shop/api:dev, ${pushName}`, reason: `${neededBy[0]} needs it` }],
      });
    expect(decide([], { neededBy: ['container db', 'container web'] })).toEqual({
      removals: [],
      kept: [{ image: id, reason: 'container db, container web need it' }],
    });
  });

  it('keeps what only inherits the label, and says nothing about images of other projects', () => {
    const reason = 'this harness did not build it, but the image that it is built on';
    expect(decide(['shop/api:dev'], { isOwn: false })).toEqual({
      removals: [],
      kept: [{ image: 'shop/api:dev', reason }],
    });
    expect(decide(['shop/api:dev'], { isOthers: true })).toEqual({
      removals: [],
      kept: [{ image: 'shop/api:dev', reason: 'another repository built it, whose project has the same name' }],
    });
    expect(decide([], { isOwn: false })).toEqual({ removals: [], kept: [{ image: id, reason }] });
    expect(decide(['shop/api:dev'], { labels: { project: 'other', image: 'api' } })).toEqual({
      removals: [],
      kept: [],
    });
  });
});
