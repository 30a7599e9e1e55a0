import { expect, it } from 'vitest';
import { testFilesAmong } from '../../../src/testing/files-concerned.ts';

it('a change concerns tests if it is imported, configures vitest, is next to them or is a new test file', () => {
  const module = {
    file: '/r/test/a.test.ts',
    passed: true,
    imports: ['/r/lib/a.ts'],
    configurations: ['/r/b.config.ts'],
  };
  const concerned = ['/r/lib/a.ts', '/r/b.config.ts', '/r/test/data.json', '/r/other/new.test.ts'];
  expect(testFilesAmong([...concerned, '/r/lib/b.ts'], [module])).toEqual(concerned);
});
