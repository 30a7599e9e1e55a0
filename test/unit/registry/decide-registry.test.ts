import { describe, expect, it } from 'vitest';
import { decideRegistry, isOurs } from '../../../src/registry/decide-registry.ts';
import type { Owner } from '../../../src/config/judge-owner.ts';
import type { ObservedRegistry } from '../../../src/registry/registry.ts';

const owner: Owner = { project: 'shop', isNamed: false, directory: '/one/shop' };
const wanted = { project: 'shop', cluster: 'shop', owner, definition: 'd1', network: 'kind' };
const observed: ObservedRegistry = {
  containerId: 'c1',
  project: 'shop',
  cluster: 'shop',
  owner: JSON.stringify(owner),
  definition: 'd1',
  running: true,
  hasRun: true,
  networks: ['kind'],
  address: '172.18.0.5',
  port: 32768,
};

describe('the local registry', () => {
  it.each<[string, Partial<ObservedRegistry> | undefined, string]>([
    ['is created when there is none', undefined, 'create'],
    ['is used as it is', {}, 'use'],
    ['is started when it was stopped, though it has no port then', { running: false, port: undefined }, 'start'],
    ['is recreated for another image or other settings', { definition: 'd0' }, 'recreate'],
    ['is recreated when the nodes are on another network', { networks: ['bridge'] }, 'recreate'],
    ['is recreated when it is on an additional network', { networks: ['kind', 'other'] }, 'recreate'],
    ['is recreated when it was never started', { running: false, hasRun: false }, 'recreate'],
    ['is recreated when it runs but has no port', { port: undefined }, 'recreate'],
    ['is refused when it has no label', { project: undefined, cluster: undefined, definition: undefined }, 'refuse'],
    [
      'is refused when its labels are inherited from an image of ours',
      { cluster: undefined, definition: undefined },
      'refuse',
    ],
    ['is used as it is if an earlier version created it', { owner: undefined }, 'use'],
    [
      'is refused when a project of that name in another directory created it',
      { owner: JSON.stringify({ ...owner, directory: '/two/shop' }) },
      'refuse',
    ],
    ['is refused when it belongs to another project', { project: 'other' }, 'refuse'],
    ['is refused when it belongs to another cluster', { cluster: 'other' }, 'refuse'],
    [
      'is refused even when it is stopped and has another definition',
      { project: 'other', running: false, definition: 'd0' },
      'refuse',
    ],
  ])('%s', (_, difference, action) => {
    expect(decideRegistry(difference && { ...observed, ...difference }, wanted).action).toBe(action);
  });

  it('is refused with the name of its owner', () => {
    expect(decideRegistry({ ...observed, project: 'other' }, wanted).reason).toBe(
      'it belongs to the cluster shop of the project other',
    );
    const other = JSON.stringify({ ...owner, directory: '/two/shop' });
    expect(decideRegistry({ ...observed, owner: other }, wanted).reason).toBe(
      'it belongs to the project shop in /two/shop, and this is /one/shop',
    );
    expect(decideRegistry({ ...observed, cluster: undefined }, wanted).reason).toBe('this harness did not create it');
  });

  it('is ours only with both labels', () => {
    expect(isOurs(observed, wanted)).toBe(true);
    expect(isOurs({ ...observed, cluster: undefined }, wanted)).toBe(false);
    expect(isOurs({ ...observed, project: undefined }, wanted)).toBe(false);
  });
});
