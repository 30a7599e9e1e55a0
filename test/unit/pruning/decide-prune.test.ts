import { describe, expect, it } from 'vitest';
import type { HeldImage, NodeHoldings } from '../../../src/containerd/holdings.ts';
import {
  decideDockerPrune,
  decideNodePrune,
  decideStoredPrune,
  freedBytes,
  type DockerHolding,
  type DockerNeeds,
} from '../../../src/pruning/decide-prune.ts';

const API = 'docker.io/shop/api:dev';
const OLD = 'docker.io/shop/old:dev';
const PULL_NAME = 'kind-harness-registry:5000/kind-harness@sha256:ab';
const WANTED = new Set([API]);

describe('pruning a node', () => {
  const held = (names: string[], more: Partial<HeldImage> = {}): HeldImage => ({
    id: 'sha256:1',
    names,
    pinned: false,
    ...more,
  });
  const decide = (
    image: HeldImage,
    { wanted = WANTED, ...more }: Partial<NodeHoldings> & { wanted?: ReadonlySet<string> | null } = {},
  ) => {
    const loads = new Set([`sha256:1 ${API}`, `sha256:1 ${OLD}`]);
    return decideNodePrune({ images: [image], used: new Set(), loads, ...more }, wanted ?? undefined).map(
      ({ names, whole }) => ({
        names,
        whole,
      }),
    );
  };

  it('removes an image that lost its name, if the harness loaded it', () => {
    expect(decide(held([]))).toEqual([{ names: [], whole: true }]);
    expect(decide(held([]), { wanted: null })).toEqual([{ names: [], whole: true }]);
    expect(decide(held([]), { loads: new Set() })).toEqual([]);
    expect(decide(held([]), { loads: new Set([`sha256:12 ${API}`]) })).toEqual([]);
  });

  it('keeps an image that a container uses, and a pinned one', () => {
    expect(decide(held([]), { used: new Set(['sha256:1']) })).toEqual([]);
    expect(decide(held([OLD]), { used: new Set(['sha256:1']) })).toEqual([]);
    expect(decide(held([], { pinned: true }))).toEqual([]);
  });

  it('removes a name that is no longer configured, if the harness loaded it and no container uses it', () => {
    expect(decide(held([OLD]))).toEqual([{ names: [OLD], whole: true }]);
    expect(decide(held([OLD, API]))).toEqual([{ names: [OLD], whole: false }]);
    expect(decide(held([OLD]), { loads: new Set([`sha256:1 ${API}`, `sha256:2 ${OLD}`]) })).toEqual([]);
    expect(decide(held([OLD]), { used: new Set([OLD]) })).toEqual([]);
    expect(decide(held([OLD]), { wanted: null })).toEqual([]);
  });

  it('keeps configured names, and names that the harness did not load', () => {
    expect(decide(held([API]))).toEqual([]);
    expect(decide(held(['docker.io/their/own:1']))).toEqual([]);
    expect(decide(held(['docker.io/their/own:1', OLD]))).toEqual([{ names: [OLD], whole: false }]);
    expect(decide(held(['docker.io/their/own@sha256:ab']))).toEqual([]);
  });

  it('removes a name left by a pull, and the image if it has no other name', () => {
    expect(decide(held([API, PULL_NAME]))).toEqual([{ names: [PULL_NAME], whole: false }]);
    expect(decide(held([PULL_NAME]), { loads: new Set() })).toEqual([{ names: [PULL_NAME], whole: true }]);
  });
});

describe('pruning Docker', () => {
  const id = `sha256:${'1'.repeat(64)}`;
  const pushName = `127.0.0.1:32768/kind-harness:${'1'.repeat(64)}`;
  const decide = (holding: Partial<DockerHolding>, needs: Partial<DockerNeeds> = {}) =>
    decideDockerPrune(
      [
        {
          id,
          names: [],
          labels: { project: 'shop', image: 'api' },
          isOwn: true,
          isOthers: false,
          neededBy: [],
          ...holding,
        },
      ],
      {
        project: 'shop',
        current: new Map([['api', 'sha256:2']]),
        foreignPorts: new Set(),
        ...needs,
      },
    ).removals.map(({ names, whole }) => ({ names, whole }));

  it('removes the name that an image had during a build that was killed, and no other in that repository', () => {
    const held = `kind-harness/before:${'1'.repeat(64)}`;
    expect(decide({ names: [held] })).toEqual([{ names: [held], whole: true }]);
    expect(decide({ names: ['mine:1', held] })).toEqual([{ names: [held], whole: false }]);
    expect(decide({ names: [`kind-harness/before:${'2'.repeat(64)}`] })).toEqual([]);
  });

  it('removes an image without a name that a later build replaced', () => {
    expect(decide({})).toEqual([{ names: [], whole: true }]);
    expect(decide({ labels: { project: 'shop', image: 'no longer configured' } })).toEqual([
      { names: [], whole: true },
    ]);
  });

  it.each<[string, Partial<DockerHolding>, Partial<DockerNeeds>]>([
    ['has a name', { names: ['mine:1'] }, {}],
    ['a container uses', { neededBy: ['container db'] }, {}],
    ['an image of somebody else is built on', { neededBy: ['image acme/api:1'] }, {}],
    ['a container uses, with the name of a push', { names: [pushName], neededBy: ['container db'] }, {}],
    ['is of another project', { labels: { project: 'other', image: 'api' } }, {}],
    ['has no label', { labels: { project: undefined, image: undefined } }, {}],
    ['only inherits the label', { isOwn: false }, {}],
    ['another repository built', { isOthers: true }, {}],
    ['is the configured one', {}, { current: new Map([['api', id]]) }],
    ['was not replaced', {}, { current: new Map([['api', undefined]]) }],
  ])('keeps an image that %s', (_, holding, needs) => {
    expect(decide(holding, needs)).toEqual([]);
  });

  it('names what stays because something needs it, and why', () => {
    const needed = (neededBy: string[], names: string[] = []) =>
      decideDockerPrune(
        [{ id, names, labels: { project: 'shop', image: 'api' }, isOwn: true, isOthers: false, neededBy }],
        {
          project: 'shop',
          current: new Map([['api', 'sha256:2']]),
          foreignPorts: new Set(),
        },
      ).kept;
    expect(needed(['container db'])).toEqual([{ image: id, reason: 'container db needs it' }]);
    expect(needed(['container db', 'image acme/api:1'])).toEqual([
      { image: id, reason: 'container db, image acme/api:1 need it' },
    ]);
    expect(needed(['container db'], ['mine:1'])).toEqual([]); // it has a name, so it was never to be removed
  });

  it('removes a name left by a push, and the image if it was replaced', () => {
    expect(decide({ names: [pushName] })).toEqual([{ names: [pushName], whole: true }]);
    expect(decide({ names: [pushName, 'shop/api:dev'] })).toEqual([{ names: [pushName], whole: false }]);
    expect(decide({ names: [pushName], labels: { project: undefined, image: undefined } })).toEqual([
      { names: [pushName], whole: false },
    ]);
    expect(decide({ names: [pushName] }, { foreignPorts: new Set([32768]) })).toEqual([]);
    expect(decide({ names: [pushName.replace(/1$/, '2')] })).toEqual([]); // not its own id
  });
});

describe('pruning the registry', () => {
  const blob = (digest: string, size: number) => ({ digest, size });
  const image = (tag: string, layers: [string, number][], digest = `m${tag}`) => ({
    tag,
    digest,
    config: blob(`c${tag}`, 1),
    layers: layers.map(([name, size]) => blob(name, size)),
  });
  // prettier-ignore
  const images = [image('1', [['base', 100], ['a', 10]]), image('2', [['base', 100], ['b', 20], ['old', 40]]), image('3', [['old', 40]])];

  it('counts for an unwanted image what only it needs, and shared blobs once', () => {
    const removals = decideStoredPrune(images, ({ tag }) => tag !== '1');
    expect(removals.map(({ tag, bytes }) => ({ tag, bytes }))).toEqual([
      { tag: '2', bytes: 61 },
      { tag: '3', bytes: 1 },
    ]);
  });

  it('keeps a manifest that also has a wanted tag', () => {
    expect(
      decideStoredPrune([...images, image('4', [], 'm1')], ({ tag }) => tag !== '1').map(({ tag }) => tag),
    ).toEqual(['2', '3']);
  });
});

it('counts the layers that no other image and no container needs', () => {
  const layer = (parent: string, bytes: number, committed = true) => ({ parent, bytes, committed });
  const snapshots = new Map([
    ['base', layer('', 100)],
    ['a', layer('base', 1)],
    ['b', layer('base', 2)],
    ['c', layer('', 4)],
    ['d', layer('c', 8)],
    ['container', layer('c', 16, false)],
  ]);
  const of = (...tops: string[]) => tops.map((top) => ({ id: top, top }));
  // prettier-ignore
  expect([...freedBytes(snapshots, of('a', 'd', 'gone'), of('b'))]).toEqual([['a', 1], ['d', 8], ['gone', 0]]);
  expect([...freedBytes(snapshots, of('a', 'b'), [])]).toEqual([['a', 101], ['b', 2]]); // prettier-ignore
});
