import { describe, expect, it } from 'vitest';
import { marksOf, namespaceName, runId, slug } from '../../../src/plan/test-namespace.ts';
import { TEST_ANNOTATIONS, TEST_LABELS } from '../../../src/model/test-run.ts';

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

describe('the name of a test’s namespace', () => {
  it.each([
    ['the api answers', 'test-the-api-answers-1234abcd'],
    ['jobs > are DONE: in order!', 'test-jobs-are-done-in-order-1234abcd'],
    ['Größe der Straße', 'test-grosse-der-strasse-1234abcd'],
    ['--dashes-- ', 'test-dashes-1234abcd'],
    ['日本語', 'test-1234abcd'],
    ['', 'test-1234abcd'],
  ])('of %j is %s', (test, name) => {
    expect(namespaceName(test, '1234abcd')).toBe(name);
  });

  it('is a DNS label, however long the test’s is', () => {
    for (let length = 0; length < 120; length++) {
      for (const text of ['a'.repeat(length), 'ab '.repeat(length), '-'.repeat(length)]) {
        expect(namespaceName(text, '1234abcd')).toMatch(LABEL);
        expect(namespaceName(text, '1234abcd').endsWith('1234abcd')).toBe(true);
      }
    }
  });
});

describe('a slug', () => {
  it('does not end in a dash where it is cut', () => {
    expect(slug('abc def', 4)).toBe('abc');
  });
});

describe('a run', () => {
  it('has an id that may be a label’s value, and sorts by time', () => {
    const id = runId(new Date('2026-01-02T03:04:05.678Z'), 42);
    expect(id).toBe('20260102T030405-42');
    expect(id).toMatch(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,61}[A-Za-z0-9]$/);
  });

  it('marks what it makes with its project, owner, time and test', () => {
    const owner = { host: 'h', boot: 'b', processes: 'p', pid: 1, started: 's' };
    const marks = marksOf('shop', { id: 'run', owner, artifacts: '/a', keepNamespaces: false }, 'a.test.ts: works', new Date(0));
    expect(marks.labels).toEqual({ [TEST_LABELS.project]: 'shop', [TEST_LABELS.run]: 'run' });
    expect(JSON.parse(marks.annotations?.[TEST_ANNOTATIONS.owner] ?? '')).toEqual(owner);
    expect(marks.annotations).toMatchObject({
      [TEST_ANNOTATIONS.created]: '1970-01-01T00:00:00.000Z',
      [TEST_ANNOTATIONS.test]: 'a.test.ts: works',
    });
  });
});
