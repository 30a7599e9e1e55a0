import { describe, expect, it } from 'vitest';
import { chainIds } from '../../../src/containerd/chain-ids.ts';

describe('chain ids', () => {
  it('are those of the OCI image specification', () => {
    const [a, b] = [`sha256:${'a'.repeat(64)}`, `sha256:${'b'.repeat(64)}`];
    expect(chainIds([])).toEqual([]);
    expect(chainIds([a])).toEqual([a]);
    // printf 'sha256:aaa… sha256:bbb…' | sha256sum
    expect(chainIds([a, b])).toEqual([a, 'sha256:ccd722928bd92476ba1745586fed6e45a102504185ad88cd89e01ff116fd146c']);
  });

  it('differ when the layers below differ', () => {
    expect(chainIds(['sha256:1', 'sha256:2']).at(-1)).not.toBe(chainIds(['sha256:3', 'sha256:2']).at(-1));
  });
});
