import { describe, expect, it } from 'vitest';
import { chainIds } from '../../../src/containerd/chain-ids.ts';
import type { NodeImage } from '../../../src/containerd/content.ts';
import { decideLoad } from '../../../src/loading/decide-load.ts';

const NAME = 'docker.io/shop/api:dev';
const image = (id: string, ...names: string[]): NodeImage => ({ id, names, size: 1 });

describe('a load', () => {
  it.each<[string, string | undefined, NodeImage[], string, string]>([
    ['an empty node', 'sha256:1', [], 'transfer', 'missing'],
    ['only other images', 'sha256:1', [image('sha256:2', 'docker.io/shop/web:dev')], 'transfer', 'missing'],
    ['the image', 'sha256:1', [image('sha256:1', NAME)], 'skip', 'present'],
    ['the image under several names', 'sha256:1', [image('sha256:1', 'x', NAME)], 'skip', 'present'],
    ['the image under another name', 'sha256:1', [image('sha256:1', 'docker.io/shop/api:old')], 'tag', 'missing'],
    ['the image without a name', 'sha256:1', [image('sha256:1')], 'tag', 'missing'],
    ['another image under the name', 'sha256:1', [image('sha256:2', NAME)], 'transfer', 'stale'],
    [
      'the image under another name, and another under its name',
      'sha256:1',
      [image('sha256:2', NAME), image('sha256:1', 'x')],
      'tag',
      'stale',
    ],
    ['an image under the name, but the digest is unknown', undefined, [image('sha256:1', NAME)], 'transfer', 'stale'],
    ['an empty node, and the digest is unknown', undefined, [], 'transfer', 'missing'],
  ])('into a node with %s', (_, digest, present, action, verdict) => {
    const facts = { digest, layers: ['sha256:a'], name: NAME, present: { images: present } };
    expect(decideLoad({ ...facts, force: false })).toMatchObject({ action, verdict });
    expect(decideLoad({ ...facts, force: true })).toMatchObject({ action: 'transfer', verdict });
  });

  it('gives a reason', () => {
    const reason = (digest: string | undefined, present: NodeImage[], force = false) =>
      decideLoad({ digest, layers: [], name: NAME, present: { images: present }, force }).reason;
    expect(reason('1', [image('2', NAME)])).toBe('the node has an older image');
    expect(reason('1', [])).toBe('not in the node');
    expect(reason(undefined, [])).toBe('its id in the node is not known yet');
    expect(reason('1', [image('1', NAME)])).toBe('already in the node');
    expect(reason('1', [image('1', NAME)], true)).toBe('loaded unconditionally');
  });

  describe('of an image that the node lists', () => {
    const layers = ['sha256:a', 'sha256:b'];
    const [lower, upper] = chainIds(layers) as [string, string];
    const decide = (...unpacked: string[]) =>
      decideLoad({
        digest: 'sha256:1',
        layers,
        name: NAME,
        present: { images: [image('sha256:1', NAME)], unpacked: new Set(unpacked) },
        force: false,
      });

    it('is skipped when the node has unpacked it', () => {
      expect(decide(lower, upper)).toMatchObject({ action: 'skip', verdict: 'present' });
    });

    it('is a transfer when its file system is missing: no container could start from it', () => {
      const reason = 'listed in the node but not unpacked';
      expect(decide(lower)).toEqual({ action: 'transfer', verdict: 'missing', reason });
      expect(decide('sha256:other')).toEqual({ action: 'transfer', verdict: 'missing', reason });
    });

    it('is skipped when it has no layers, or when unpacked images cannot be listed', () => {
      const present = { images: [image('sha256:1', NAME)] };
      expect(decideLoad({ digest: 'sha256:1', layers, name: NAME, present, force: false }).action).toBe('skip');
      const none = {
        digest: 'sha256:1',
        layers: [],
        name: NAME,
        present: { ...present, unpacked: new Set(['sha256:x']) },
      };
      expect(decideLoad({ ...none, force: false }).action).toBe('skip');
    });

    it('is a transfer, not a tag, when the image under another name is broken', () => {
      const present = { images: [image('sha256:1', 'docker.io/shop/api:old')], unpacked: new Set([lower]) };
      expect(decideLoad({ digest: 'sha256:1', layers, name: NAME, present, force: false }).action).toBe('transfer');
    });
  });
});
