import { describe, expect, it } from 'vitest';
import { whyTestAgain, withPass } from '../../../src/testing/decide-test-cache.ts';
import type { TestInputs } from '../../../src/testing/test-inputs.ts';

const pass = (image: string, file: string): TestInputs => ({
  surroundings: { 'image api': image },
  files: { 'a.test.ts': file, 'test/**': 'x' },
});
const files = (digest: string) => (name: string) => (name === 'a.test.ts' ? digest : 'x');

describe('a test file', () => {
  it('runs if it has not passed yet', () => {
    expect(whyTestAgain([], {}, files('1'))).toBe('it has not passed yet');
  });

  it('need not run if everything is as in one of its passes', () => {
    const passes = [pass('2', '2'), pass('1', '1')];
    expect(whyTestAgain(passes, { 'image api': '2' }, files('2'))).toBeUndefined();
    expect(whyTestAgain(passes, { 'image api': '1' }, files('1'))).toBeUndefined();
  });

  it('runs if no pass matches, and names what changed since the last one', () => {
    const passes = [pass('2', '2'), pass('1', '1')];
    expect(whyTestAgain(passes, { 'image api': '1' }, files('2'))).toBe('changed: image api');
    expect(whyTestAgain(passes, { 'image api': '2' }, files('1'))).toBe('changed: a.test.ts');
  });

  it('runs if something that all tests depend on was added or removed', () => {
    expect(whyTestAgain([pass('1', '1')], { 'image api': '1', 'image worker': '1' }, files('1'))).toBe(
      'changed: image worker',
    );
    expect(whyTestAgain([pass('1', '1')], {}, files('1'))).toBe('changed: image api');
  });
});

describe('the remembered passes', () => {
  it('are distinct, latest first, and limited in number', () => {
    const all = ['1', '2', '1', '3', '4', '5'].reduce<TestInputs[]>(
      (passes, file) => withPass(passes, pass('1', file)),
      [],
    );
    expect(all).toEqual(['5', '4', '3', '1'].map((file) => pass('1', file)));
  });

  it('are distinct if one has a file more than the other', () => {
    const more: TestInputs = { ...pass('1', '1'), files: { ...pass('1', '1').files, 'b.ts': '1' } };
    expect(withPass([pass('1', '1')], more)).toHaveLength(2);
    expect(withPass([more], pass('1', '1'))).toHaveLength(2);
  });
});
