import { describe, expect, it } from 'vitest';
import type { NodeImage } from '../../../src/model/image.ts';
import { decideLoad } from '../../../src/plan/load.ts';

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
    ['the id elsewhere, another by the name', 'sha256:1', [image('sha256:2', NAME), image('sha256:1', 'x')], 'tag', 'stale'],
    ['an id that is not known yet, the name there', undefined, [image('sha256:1', NAME)], 'transfer', 'stale'],
    ['an id that is not known yet, nothing there', undefined, [], 'transfer', 'missing'],
  ])('%s', (_, digest, present, action, verdict) => {
    expect(decideLoad({ digest, name: NAME, present, force: false })).toMatchObject({ action, verdict });
    expect(decideLoad({ digest, name: NAME, present, force: true })).toMatchObject({ action: 'transfer', verdict });
  });

  it('says why', () => {
    const reason = (digest: string | undefined, present: NodeImage[], force = false) =>
      decideLoad({ digest, name: NAME, present, force }).reason;
    expect(reason('1', [image('2', NAME)])).toBe('the node has an older one');
    expect(reason('1', [])).toBe('the node lacks it');
    expect(reason(undefined, [])).toBe('its id in a node is not known yet');
    expect(reason('1', [image('1', NAME)])).toBe('in the node already');
    expect(reason('1', [image('1', NAME)], true)).toBe('always loaded in this tier');
  });
});
