import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const DOCS = join(import.meta.dirname, '../../docs');

/** A test that a page names: its path, and the text in brackets that names a part of it. */
function testsNamedIn(page: string): { path: string; part: string | undefined }[] {
  const text = readFileSync(join(DOCS, page), 'utf8').replaceAll(/\s+/g, ' ');
  return [...text.matchAll(/`((?:unit|integration|e2e)\/[^`]+)`(?: \(((?:"[^"]+"(?:, )?)+)\))?/g)].flatMap(
    ([, path = '', parts = '']) => {
      const named = [...parts.matchAll(/"([^"]+)"/g)].map(([, part]) => ({ path, part }));
      return named.length > 0 ? named : [{ path, part: undefined }];
    },
  );
}

it.each(['promises.md', 'freshness.md'])('the tests that %s names exist', (page) => {
  const named = testsNamedIn(page);
  expect(named.length).toBeGreaterThan(10);
  const missing = named.filter(({ path, part }) => {
    const file = join(DOCS, '../test', `${path}.test.ts`);
    return !existsSync(file) || (part !== undefined && !readFileSync(file, 'utf8').includes(part));
  });
  expect(missing).toEqual([]);
});
