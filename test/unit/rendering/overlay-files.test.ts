import { join, relative } from 'node:path';
import { expect, it } from 'vitest';
import { overlayFiles } from '../../../src/rendering/overlay-files.ts';
import { plant, scratch } from '../../support/scratch.ts';

it('the files of an overlay are those of its directory and of all bases and components', async () => {
  const root = scratch();
  plant(root, {
    'overlays/test/kustomization.yaml': 'resources: [../../base, own.yaml]\ncomponents: [../../debug]\n',
    'overlays/test/own.yaml': '',
    'overlays/other/kustomization.yaml': '',
    'base/kustomization.yml': 'bases: [../lowest]\n',
    'base/deep/config.properties': '',
    'lowest/Kustomization': '',
    'debug/kustomization.yaml': 'kind: Component\n',
  });
  const overlay = await overlayFiles(join(root, 'overlays/test'));
  expect(overlay.files.map((path) => relative(root, path)).sort()).toEqual([
    'base/deep/config.properties',
    'base/kustomization.yml',
    'debug/kustomization.yaml',
    'lowest/Kustomization',
    'overlays/test/kustomization.yaml',
    'overlays/test/own.yaml',
  ]);
  expect(overlay).toMatchObject({ isRemote: false, hasCharts: false });
});

it('an overlay may refer to other machines and contain charts', async () => {
  const root = scratch();
  plant(root, {
    'kustomization.yaml': 'resources: ["https://git.invalid/base?ref=v1"]\nhelmCharts: [{ name: redis }]\n',
  });
  expect(await overlayFiles(root)).toMatchObject({ isRemote: true, hasCharts: true });
});
