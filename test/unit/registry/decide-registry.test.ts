import { describe, expect, it } from 'vitest';
import { decideRegistry, isOurs } from '../../../src/registry/decide-registry.ts';
import type { ObservedRegistry } from '../../../src/registry/registry.ts';

const wanted = { project: 'shop', cluster: 'shop', definition: 'd1', network: 'kind' };
const observed: ObservedRegistry = {
  containerId: 'c1',
  project: 'shop',
  cluster: 'shop',
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
    expect(decideRegistry({ ...observed, cluster: undefined }, wanted).reason).toBe('this harness did not create it');
  });

  it('is ours only with both labels', () => {
    expect(isOurs(observed, wanted)).toBe(true);
    expect(isOurs({ ...observed, cluster: undefined }, wanted)).toBe(false);
    expect(isOurs({ ...observed, project: undefined }, wanted)).toBe(false);
  });
});
