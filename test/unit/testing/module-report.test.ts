import { expect, it } from 'vitest';
import { asFailed, oncePerFile, type ModuleReport } from '../../../src/testing/module-report.ts';

const report = (file: string, more: Partial<ModuleReport> = {}): ModuleReport => {
  return { file, passed: true, imports: [file], configurations: [], ...more };
};

it('a file of several projects has passed only if it did so in each, whichever came last', () => {
  const failed = report('/a', { passed: false, imports: ['/a', '/setup'], configurations: ['/c'] });
  const merged = { file: '/a', passed: false, configurations: ['/c'] };
  expect(oncePerFile([failed, report('/b'), report('/a')])).toEqual([
    { ...merged, imports: ['/a', '/setup'] },
    report('/b'),
  ]);
  expect(oncePerFile([report('/a'), failed])).toMatchObject([merged]);
  expect(oncePerFile([report('/a'), report('/a')])).toEqual([report('/a')]);
});

it('no file has passed in a run that did not end normally', () => {
  expect(asFailed(report('/a'))).toEqual(report('/a', { passed: false }));
});
