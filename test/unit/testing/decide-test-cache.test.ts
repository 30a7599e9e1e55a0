import { describe, expect, it } from 'vitest';
import { whyTestAgain, withPass } from '../../../src/testing/decide-test-cache.ts';
import type { TestInputs } from '../../../src/testing/test-inputs.ts';

const pass = (image: string, file: string): TestInputs => ({
  surroundings: { 'image api': image },
  files: { 'a.test.ts': file, 'test/**': 'x' },
});
const files = (digest: string) => (name: string) => (name === 'a.test.ts' ? digest : 'x');

describe('a test file', () => {
  it('runs when it has not passed yet', () => {
    expect(whyTestAgain([], {}, files('1'))).toBe('it has not passed yet');
  });

  it('need not run when everything is as in any of its passes', () => {
    const passes = [pass('2', '2'), pass('1', '1')];
    expect(whyTestAgain(passes, { 'image api': '2' }, files('2'))).toBeUndefined();
    expect(whyTestAgain(passes, { 'image api': '1' }, files('1'))).toBeUndefined();
  });

  it('runs when something is as it was in none of them, and says what differs from the last one', () => {
    const passes = [pass('2', '2'), pass('1', '1')];
    expect(whyTestAgain(passes, { 'image api': '1' }, files('2'))).toBe('changed: image api');
    expect(whyTestAgain(passes, { 'image api': '2' }, files('1'))).toBe('changed: a.test.ts');
  });

  it('runs when something is new or gone that all tests rest on', () => {
    expect(whyTestAgain([pass('1', '1')], { 'image api': '1', 'image worker': '1' }, files('1'))).toBe(
      'changed: image worker',
    );
    expect(whyTestAgain([pass('1', '1')], {}, files('1'))).toBe('changed: image api');
  });
});

describe('what is remembered', () => {
  it('is each pass once, the last one first, and few of them', () => {
    const all = ['1', '2', '1', '3', '4', '5'].reduce<TestInputs[]>(
      (passes, file) => withPass(passes, pass('1', file)),
      [],
    );
    expect(all).toEqual(['5', '4', '3', '1'].map((file) => pass('1', file)));
  });

  it('tells a pass with one file more from one without', () => {
    const more: TestInputs = { ...pass('1', '1'), files: { ...pass('1', '1').files, 'b.ts': '1' } };
    expect(withPass([pass('1', '1')], more)).toHaveLength(2);
    expect(withPass([more], pass('1', '1'))).toHaveLength(2);
  });
});
