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
const PASSING = 'kind-harness-registry:5000/kind-harness@sha256:ab';
const WANTED = new Set([API]);

describe('in a node', () => {
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

  it('an image that a later one has taken the name from goes, when a load of ours is noted', () => {
    expect(decide(held([]))).toEqual([{ names: [], whole: true }]);
    expect(decide(held([]), { wanted: null })).toEqual([{ names: [], whole: true }]);
    expect(decide(held([]), { loads: new Set() })).toEqual([]);
    expect(decide(held([]), { loads: new Set([`sha256:12 ${API}`]) })).toEqual([]);
  });

  it('an image that a container was made from stays, and so does a pinned one', () => {
    expect(decide(held([]), { used: new Set(['sha256:1']) })).toEqual([]);
    expect(decide(held([OLD]), { used: new Set(['sha256:1']) })).toEqual([]);
    expect(decide(held([], { pinned: true }))).toEqual([]);
  });

  it('a name that is no longer configured goes, when it was loaded by us and nothing uses it', () => {
    expect(decide(held([OLD]))).toEqual([{ names: [OLD], whole: true }]);
    expect(decide(held([OLD, API]))).toEqual([{ names: [OLD], whole: false }]);
    expect(decide(held([OLD]), { loads: new Set([`sha256:1 ${API}`, `sha256:2 ${OLD}`]) })).toEqual([]);
    expect(decide(held([OLD]), { used: new Set([OLD]) })).toEqual([]);
    expect(decide(held([OLD]), { wanted: null })).toEqual([]);
  });

  it('what is configured stays, and what others named', () => {
    expect(decide(held([API]))).toEqual([]);
    expect(decide(held(['docker.io/their/own:1']))).toEqual([]);
    expect(decide(held(['docker.io/their/own:1', OLD]))).toEqual([{ names: [OLD], whole: false }]);
    expect(decide(held(['docker.io/their/own@sha256:ab']))).toEqual([]);
  });

  it('a name that was left on the way goes, and the image with it that has no other', () => {
    expect(decide(held([API, PASSING]))).toEqual([{ names: [PASSING], whole: false }]);
    expect(decide(held([PASSING]), { loads: new Set() })).toEqual([{ names: [PASSING], whole: true }]);
  });
});

describe('in Docker', () => {
  const id = `sha256:${'1'.repeat(64)}`;
  const passing = `127.0.0.1:32768/kind-harness:${'1'.repeat(64)}`;
  const decide = (holding: Partial<DockerHolding>, needs: Partial<DockerNeeds> = {}) =>
    decideDockerPrune([{ id, names: [], labels: { project: 'shop', image: 'api' }, ...holding }], {
      project: 'shop',
      current: new Map([['api', 'sha256:2']]),
      used: new Set(),
      foreignPorts: new Set(),
      ...needs,
    }).map(({ names, whole }) => ({ names, whole }));

  it('an image without a name goes that a later build has replaced', () => {
    expect(decide({})).toEqual([{ names: [], whole: true }]);
    expect(decide({ labels: { project: 'shop', image: 'no longer configured' } })).toEqual([
      { names: [], whole: true },
    ]);
  });

  it.each<[string, Partial<DockerHolding>, Partial<DockerNeeds>]>([
    ['has a name', { names: ['mine:1'] }, {}],
    ['is used by a container', {}, { used: new Set([id]) }],
    ['is of another project', { labels: { project: 'other', image: 'api' } }, {}],
    ['has no label', { labels: { project: undefined, image: undefined } }, {}],
    ['is the configured one', {}, { current: new Map([['api', id]]) }],
    ['nothing has replaced', {}, { current: new Map([['api', undefined]]) }],
  ])('one that %s stays', (_, holding, needs) => {
    expect(decide(holding, needs)).toEqual([]);
  });

  it('a name that a push left goes, and the image with it that was replaced', () => {
    expect(decide({ names: [passing] })).toEqual([{ names: [passing], whole: true }]);
    expect(decide({ names: [passing, 'shop/api:dev'] })).toEqual([{ names: [passing], whole: false }]);
    expect(decide({ names: [passing], labels: { project: undefined, image: undefined } })).toEqual([
      { names: [passing], whole: false },
    ]);
    expect(decide({ names: [passing] }, { foreignPorts: new Set([32768]) })).toEqual([]);
    expect(decide({ names: [passing.replace(/1$/, '2')] })).toEqual([]); // not its own id
  });
});

describe('in the registry', () => {
  const blob = (digest: string, size: number) => ({ digest, size });
  const image = (tag: string, layers: [string, number][], digest = `m${tag}`) => ({
    tag,
    digest,
    config: blob(`c${tag}`, 1),
    layers: layers.map(([name, size]) => blob(name, size)),
  });
  // prettier-ignore
  const images = [image('1', [['base', 100], ['a', 10]]), image('2', [['base', 100], ['b', 20], ['old', 40]]), image('3', [['old', 40]])];

  it('an unwanted image frees what only it needs, and what two of them share counts once', () => {
    const removals = decideStoredPrune(images, ({ tag }) => tag !== '1');
    expect(removals.map(({ tag, bytes }) => ({ tag, bytes }))).toEqual([
      { tag: '2', bytes: 61 },
      { tag: '3', bytes: 1 },
    ]);
  });

  it('a manifest stays that a wanted tag stands for, too', () => {
    expect(
      decideStoredPrune([...images, image('4', [], 'm1')], ({ tag }) => tag !== '1').map(({ tag }) => tag),
    ).toEqual(['2', '3']);
  });
});

it('a removal frees the layers that nothing else stands on', () => {
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
