import { describe, expect, it } from 'vitest';
import { resolveTags } from '../../../src/settings/image-facts.ts';
import { decideTag, fillTag } from '../../../src/facts/decide-tags.ts';

const LATEST = { template: 'latest', tag: 'shop/api:latest' };
const COMMIT = { template: 'git-{commit}', tag: 'shop/api:git-abc' };

describe('a tag', () => {
  it.each([
    [LATEST, 'sha256:1', undefined, 'add'],
    [LATEST, 'sha256:1', 'sha256:1', 'keep'],
    [LATEST, 'sha256:1', 'sha256:2', 'move'],
    [LATEST, undefined, 'sha256:2', 'move'],
    [COMMIT, 'sha256:1', undefined, 'add'],
    [COMMIT, undefined, undefined, 'add'],
    [COMMIT, 'sha256:1', 'sha256:1', 'keep'],
    [COMMIT, 'sha256:1', 'sha256:2', 'refuse'],
    [COMMIT, undefined, 'sha256:2', 'refuse'],
    [{ template: 'git-{commit}', tag: undefined }, 'sha256:1', undefined, 'refuse'],
  ])('%j for %s that stands for %s: %s', (wanted, id, standing, action) => {
    expect(decideTag(wanted, id, standing).action).toBe(action);
  });

  it('that is refused names both images', () => {
    expect(decideTag(COMMIT, 'sha256:1', 'sha256:2').reason).toBe('it stands for 2, and would come to stand for 1');
  });

  it('is filled in, with characters that a tag can have', () => {
    const values = { commit: 'abc', branch: 'fix/a b' };
    expect(fillTag('{commit}-{branch}', 'host:5000/shop/api', values).tag).toBe('host:5000/shop/api:abc-fix-a-b');
    expect(fillTag('{commit}-{inputs}', 'shop/api', values).tag).toBeUndefined();
  });

  it('of a configuration has known placeholders and is a tag', () => {
    const problems: { path: string; message: string }[] = [];
    resolveTags(['latest', 'git-{commit}', '{comit}', 'a b', '-x', '{'], 'images.api.tags', problems);
    expect(problems.map(({ path }) => path)).toEqual([2, 3, 4, 5].map((index) => `images.api.tags[${index}]`));
  });
});
