import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareInputs, inputsDigest, type Inputs } from '../../../src/freshness/inputs.ts';
import { fileEntry, fileSet } from '../../../src/sources/file-set.ts';

function inputs(
  files: Record<string, string> = {},
  settings: Record<string, string> = {},
  bases: Record<string, string> = {},
): Inputs {
  return { trees: { context: fileSet(new Map(Object.entries(files))) }, settings, bases };
}

describe('the inputs digest', () => {
  it('does not depend on the order', () => {
    const one = inputsDigest(inputs({ a: '1', b: '2' }, { x: '1', y: '2' }, { p: '1', q: '2' }));
    expect(inputsDigest(inputs({ b: '2', a: '1' }, { y: '2', x: '1' }, { q: '2', p: '1' }))).toBe(one);
    expect(one).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('is different for any two different inputs', () => {
    const word = fc.oneof(fc.constantFrom('a', 'b', 'a b', '"', '\n', 'setting ["a","b"]'), fc.string());
    const words = fc.dictionary(word, word, { maxKeys: 3 });
    // The entry of a file has a kind, a mode and a hash.
    const line = fc
      .tuple(
        fc.constantFrom('file' as const, 'link' as const),
        fc.constantFrom(0o644, 0o755),
        fc.constantFrom('0a', '1b'),
      )
      .map((parts) => fileEntry(...parts));
    const any = fc.tuple(fc.dictionary(word, line, { maxKeys: 3 }), words, words);
    const key = ([files, settings, bases]: [object, object, object]) =>
      JSON.stringify([files, settings, bases].map((part) => Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))));
    fc.assert(
      fc.property(any, any, (one, other) => {
        expect(inputsDigest(inputs(...one)) === inputsDigest(inputs(...other))).toBe(key(one) === key(other));
      }),
      { numRuns: 500 },
    );
  });

  it('does not confuse a setting with a base or a file', () => {
    const all = [inputs({ a: 'b' }), inputs({}, { a: 'b' }), inputs({}, {}, { a: 'b' }), inputs()].map(inputsDigest);
    expect(new Set(all).size).toBe(4);
  });
});

describe('the entry of a file', () => {
  it('is its kind, its permissions and its content', () => {
    expect(fileEntry('file', 0o104755, 'abc')).toBe('file 4755 abc');
    expect(fileEntry('directory', 0o40700, '')).toBe('directory 700 ');
  });
});

describe('the comparison of inputs', () => {
  it('names settings, bases and files, in that order', () => {
    const before = inputs(
      { same: 'file 644 1', changed: 'file 644 1', gone: 'file 644 1', mode: 'file 644 1', kind: 'file 644 1' },
      { target: 'a', dropped: 'x' },
      { base: '1' },
    );
    const after = inputs(
      { same: 'file 644 1', changed: 'file 755 2', added: 'file 644 1', mode: 'file 755 1', kind: 'link 0 1' },
      { target: 'b', 'build argument V': '1' },
      { base: '2' },
    );
    expect(compareInputs(before, after)).toEqual([
      { path: 'build argument V', kind: 'setting', detail: 'unset → 1' },
      { path: 'dropped', kind: 'setting', detail: 'x → unset' },
      { path: 'target', kind: 'setting', detail: 'a → b' },
      { path: 'base', kind: 'base', detail: '1 → 2' },
      { path: 'added', kind: 'added' },
      { path: 'changed', kind: 'modified' },
      { path: 'gone', kind: 'deleted' },
      { path: 'kind', kind: 'modified' },
      { path: 'mode', kind: 'mode' },
    ]);
    expect(compareInputs(after, after)).toEqual([]);
  });

  it("names a file's named context, and reports an added or removed context as its files", () => {
    const tree = (content: string) => fileSet(new Map([['a', `file 644 ${content}`]]));
    const before: Inputs = { ...inputs({ a: 'file 644 1' }), trees: { context: tree('1'), tools: tree('1') } };
    const after: Inputs = { ...before, trees: { context: tree('2'), tools: tree('2'), more: tree('1') } };
    expect(compareInputs(before, after)).toEqual([
      { path: 'a', kind: 'modified' },
      { path: 'a', kind: 'added', context: 'more' },
      { path: 'a', kind: 'modified', context: 'tools' },
    ]);
    expect(new Set([before, after, { ...after, trees: { context: tree('2') } }].map(inputsDigest)).size).toBe(3);
  });

  it('shows no value that is known only as a digest', () => {
    const secret = (digest: string) =>
      inputs({}, { 'secret npm': `hmac-sha256:${digest}`, Dockerfile: `sha256:${digest}` });
    expect(compareInputs(secret('1'), secret('2'))).toEqual([
      { path: 'Dockerfile', kind: 'setting' },
      { path: 'secret npm', kind: 'setting' },
    ]);
    expect(compareInputs(inputs({}, { 'secret npm': 'not there' }), secret('2'))).toContainEqual({
      path: 'secret npm',
      kind: 'setting',
    });
  });

  it('does not read files whose digest is the same', () => {
    const entries = () => {
      throw new Error('read');
    };
    const same: Inputs = { ...inputs(), trees: { context: { digest: 'sha256:1', count: 1, entries } } };
    expect(compareInputs(same, same)).toEqual([]);
  });
});
