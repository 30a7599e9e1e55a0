import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseReference } from '../../../src/docker/reference.ts';
import { baseReferences } from '../../../src/freshness/dockerfile.ts';

/** A Dockerfile and what BuildKit finds in it. `scripts/differential.mjs --record` writes the answers. */
interface Case {
  rule: string;
  text: string;
  buildArgs?: Record<string, string>;
  platform?: string;
  target?: string;
  buildkit: {
    frontend?: string;
    /** The images that the target needs, in the full form. */
    bases: string[];
    /** Those that only other stages name. */
    unreachable: string[];
    /** Why BuildKit refuses the Dockerfile; then it has named only some images. */
    error?: string;
  };
}

const CASES = JSON.parse(readFileSync(join(import.meta.dirname, 'corpus.json'), 'utf8')) as Case[];

function fullName(reference: string): string {
  const parts = parseReference(reference);
  if (!parts) return reference;
  const { host, path, digest, tag = digest === undefined ? 'latest' : undefined } = parts;
  return `${host}/${path}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

describe("the bases of a Dockerfile are BuildKit's", () => {
  it.each(CASES)('$rule', ({ text, buildArgs = {}, platform = 'linux/amd64', target, buildkit }) => {
    const ours = baseReferences(text, { buildArgs, platforms: [platform], buildPlatform: 'linux/amd64', target });
    const named = ours.map((name) => (name === buildkit.frontend ? name : fullName(name)));
    const theirs = [...(buildkit.frontend ? [buildkit.frontend] : []), ...buildkit.bases, ...buildkit.unreachable];
    if (buildkit.error === undefined) expect(named.toSorted()).toEqual(theirs.toSorted());
    else expect(named).toEqual(expect.arrayContaining(theirs));
  });
});
