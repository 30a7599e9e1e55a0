import { describe, expect, it } from 'vitest';
import { decideRebuild, type RebuildUse } from '../../../src/caching/decide-rebuild.ts';

const FIRST = '1'.repeat(32);
const SECOND = '2'.repeat(32);
const NAME = `${FIRST}.rebuild.kind-harness.invalid:127.0.0.1`;

const decide = (more: Partial<RebuildUse> = {}) =>
  decideRebuild({ current: undefined, last: undefined, dockerfile: 'FROM a\nRUN b\n', buildArgs: {}, ...more });

describe('the results that a build may use', () => {
  it('are all, as long as the image was never rebuilt: then all checkouts and users share them', () => {
    expect(decide()).toEqual({ extraHosts: [], noCache: false });
  });

  it('are none in a rebuild, which leaves cache mounts as they are', () => {
    expect(decide({ current: FIRST })).toEqual({ extraHosts: [NAME], noCache: false });
    expect(decide({ current: SECOND, last: FIRST })).not.toEqual(decide({ current: FIRST, last: FIRST }));
  });

  it('are those since the last rebuild in each build after it', () => {
    expect(decide({ last: FIRST })).toEqual(decide({ current: FIRST }));
  });

  it('depend on --no-cache with a frontend that may ignore names of hosts', () => {
    for (const foreign of [{ dockerfile: '# syntax=x\nFROM a\n' }, { buildArgs: { BUILDKIT_SYNTAX: 'x' } }]) {
      expect(decide({ ...foreign, current: FIRST })).toEqual({ extraHosts: [], noCache: true });
      expect(decide({ ...foreign, last: FIRST })).toEqual({ extraHosts: [], noCache: false });
    }
  });
});
