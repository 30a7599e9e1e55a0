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

describe('the registry beside the cluster', () => {
  it.each<[string, Partial<ObservedRegistry> | undefined, string]>([
    ['is created when there is none', undefined, 'create'],
    ['is used as it is', {}, 'use'],
    [
      'is started when it was stopped, though it is published nowhere then',
      { running: false, port: undefined },
      'start',
    ],
    ['is made anew for another image or other settings', { definition: 'd0' }, 'recreate'],
    ['is made anew when the nodes are on another network', { networks: ['bridge'] }, 'recreate'],
    ['is made anew when it is on a further network', { networks: ['kind', 'other'] }, 'recreate'],
    ['is made anew when it was never started', { running: false, hasRun: false }, 'recreate'],
    ['is made anew when it runs and is published nowhere', { port: undefined }, 'recreate'],
    ['is refused when it has no label', { project: undefined, cluster: undefined, definition: undefined }, 'refuse'],
    [
      'is refused when it was made from an image of ours, whose labels it has',
      { cluster: undefined, definition: undefined },
      'refuse',
    ],
    ['is refused when it is of another project', { project: 'other' }, 'refuse'],
    ['is refused when it stands beside another cluster', { cluster: 'other' }, 'refuse'],
    [
      'is refused also when it is stopped and of another definition',
      { project: 'other', running: false, definition: 'd0' },
      'refuse',
    ],
  ])('%s', (_, difference, action) => {
    expect(decideRegistry(difference && { ...observed, ...difference }, wanted).action).toBe(action);
  });

  it('says whose a foreign one is', () => {
    expect(decideRegistry({ ...observed, project: 'other' }, wanted).reason).toBe(
      'it belongs to the cluster shop of the project other',
    );
    expect(decideRegistry({ ...observed, cluster: undefined }, wanted).reason).toBe('this harness did not create it');
  });

  it('is ours by both labels or not at all', () => {
    expect(isOurs(observed, wanted)).toBe(true);
    expect(isOurs({ ...observed, cluster: undefined }, wanted)).toBe(false);
    expect(isOurs({ ...observed, project: undefined }, wanted)).toBe(false);
  });
});
