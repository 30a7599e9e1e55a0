import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, it } from 'vitest';
import { chartFiles, completeChart } from '../../../src/helm/chart-files.ts';
import { plant, scratch } from '../../support/scratch.ts';

const chart = (name: string, ...dependencies: string[]) =>
  `name: ${name}\ndependencies: [${dependencies.map((path) => `{ name: ${path.split('/').at(-1)}, repository: "file://${path}" }`).join(', ')}]\n`;

function repository(): string {
  const root = scratch();
  plant(root, {
    'shop/Chart.yaml': chart('shop', '../api', '../unpacked'),
    'shop/templates/a.yaml': '',
    'shop/charts/api-0.9.0.tgz': 'an older one',
    'shop/charts/redis-1.0.0.tgz': 'from a repository',
    'shop/charts/unpacked/Chart.yaml': 'name: unpacked\n',
    'api/Chart.yaml': chart('api', '../common'),
    'api/templates/b.yaml': 'one',
    'common/Chart.yaml': 'name: common\n',
    'alone/Chart.yaml': 'name: alone\n',
  });
  return root;
}

it('a chart that depends on none next to it is used where it is', async () => {
  const root = repository();
  expect(await completeChart(join(root, 'alone'), join(root, 'copy'))).toBe(join(root, 'alone'));
});

it('charts next to it are put into a copy, with what these depend on, instead of older archives', async () => {
  const root = repository();
  const copy = await completeChart(join(root, 'shop'), join(root, 'copy'));
  expect(copy).toBe(join(root, 'copy/shop'));
  expect(readdirSync(join(copy, 'charts')).sort()).toEqual(['api', 'redis-1.0.0.tgz', 'unpacked']);
  expect(readFileSync(join(copy, 'charts/api/templates/b.yaml'), 'utf8')).toBe('one');
  expect(existsSync(join(copy, 'charts/api/charts/common/Chart.yaml'))).toBe(true);
  expect(readdirSync(join(root, 'shop/charts'))).toContain('api-0.9.0.tgz'); // the repository stays as it is
});

it('its inputs are the files of all of them, without archives that are not used', async () => {
  const root = repository();
  const files = (await chartFiles(join(root, 'shop'))).map((path) => relative(root, path)).sort();
  expect(files).toEqual([
    'api/Chart.yaml',
    'api/templates/b.yaml',
    'common/Chart.yaml',
    'shop/Chart.yaml',
    'shop/charts/redis-1.0.0.tgz',
    'shop/charts/unpacked/Chart.yaml',
    'shop/templates/a.yaml',
  ]);
});

it('a chart that is not there, and a circle, are named', async () => {
  const root = scratch();
  plant(root, {
    'shop/Chart.yaml': chart('shop', '../none'),
    'a/Chart.yaml': chart('a', '../b'),
    'b/Chart.yaml': chart('b', '../a'),
  });
  await expect(completeChart(join(root, 'shop'), join(root, 'copy'))).rejects.toMatchObject({
    code: 'CONFIG',
    message: `The chart ${join(root, 'shop')} depends on none, but ${join(root, 'none')} is not a chart.`,
  });
  await expect(completeChart(join(root, 'a'), join(root, 'copy'))).rejects.toMatchObject({ code: 'CONFIG' });
  expect(await chartFiles(join(root, 'a'))).toHaveLength(2);
});
