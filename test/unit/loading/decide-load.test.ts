import { describe, expect, it } from 'vitest';
import { chainIds } from '../../../src/containerd/chain-ids.ts';
import type { NodeImage } from '../../../src/containerd/content.ts';
import { decideLoad } from '../../../src/loading/decide-load.ts';

const NAME = 'docker.io/shop/api:dev';
const image = (id: string, ...names: string[]): NodeImage => ({ id, names, size: 1 });

describe('a load', () => {
  it.each<[string, string | undefined, NodeImage[], string, string]>([
    ['nothing there', 'sha256:1', [], 'transfer', 'missing'],
    ['others there', 'sha256:1', [image('sha256:2', 'docker.io/shop/web:dev')], 'transfer', 'missing'],
    ['the id by the name', 'sha256:1', [image('sha256:1', NAME)], 'skip', 'present'],
    ['the id by several names', 'sha256:1', [image('sha256:1', 'x', NAME)], 'skip', 'present'],
    ['the id by another name', 'sha256:1', [image('sha256:1', 'docker.io/shop/api:old')], 'tag', 'missing'],
    ['the id by no name', 'sha256:1', [image('sha256:1')], 'tag', 'missing'],
    ['another id by the name', 'sha256:1', [image('sha256:2', NAME)], 'transfer', 'stale'],
    [
      'the id elsewhere, another by the name',
      'sha256:1',
      [image('sha256:2', NAME), image('sha256:1', 'x')],
      'tag',
      'stale',
    ],
    ['an id that is not known yet, the name there', undefined, [image('sha256:1', NAME)], 'transfer', 'stale'],
    ['an id that is not known yet, nothing there', undefined, [], 'transfer', 'missing'],
  ])('%s', (_, digest, present, action, verdict) => {
    const facts = { digest, layers: ['sha256:a'], name: NAME, present: { images: present } };
    expect(decideLoad({ ...facts, force: false })).toMatchObject({ action, verdict });
    expect(decideLoad({ ...facts, force: true })).toMatchObject({ action: 'transfer', verdict });
  });

  it('says why', () => {
    const reason = (digest: string | undefined, present: NodeImage[], force = false) =>
      decideLoad({ digest, layers: [], name: NAME, present: { images: present }, force }).reason;
    expect(reason('1', [image('2', NAME)])).toBe('the node has an older one');
    expect(reason('1', [])).toBe('the node lacks it');
    expect(reason(undefined, [])).toBe('its id in a node is not known yet');
    expect(reason('1', [image('1', NAME)])).toBe('in the node already');
    expect(reason('1', [image('1', NAME)], true)).toBe('always loaded in this tier');
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

    it('is due when its file system is gone: no container could start from it', () => {
      const reason = 'the node lists it, but has lost its content';
      expect(decide(lower)).toEqual({ action: 'transfer', verdict: 'missing', reason });
      expect(decide('sha256:other')).toEqual({ action: 'transfer', verdict: 'missing', reason });
    });

    it('is skipped when it has no layers, or when nobody can say', () => {
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

    it('is a transfer, not a tag, when only a broken one is there under another name', () => {
      const present = { images: [image('sha256:1', 'docker.io/shop/api:old')], unpacked: new Set([lower]) };
      expect(decideLoad({ digest: 'sha256:1', layers, name: NAME, present, force: false }).action).toBe('transfer');
    });
  });
});
