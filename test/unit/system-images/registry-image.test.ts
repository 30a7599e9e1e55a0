import { expect, it } from 'vitest';
import { RECIPE_LABEL } from '../../../src/core/labels.ts';
import type { DockerEngine } from '../../../src/docker/engine.ts';
import { directoriesDigest } from '../../../src/system-images/recipe.ts';
import { ensureRegistryImage, registryDirectory } from '../../../src/system-images/registry-image.ts';
import { registryVersions } from '../../../src/system-images/versions.ts';

const digest = directoriesDigest([registryDirectory], {});
const built = `kind-harness/registry:${registryVersions.module}-${digest.slice(0, 12)}`;

/** An engine that has these images, and that nothing can be asked for. */
const engineWith = (images: Record<string, Record<string, string>>) =>
  ({
    image: (reference: string) =>
      Promise.resolve(images[reference] && { id: `id of ${reference}`, labels: images[reference] }),
    get api(): never {
      throw new Error('looks for another image');
    },
  }) as unknown as DockerEngine;

const ensure = (engine: DockerEngine) => ensureRegistryImage(engine, { emit: () => undefined, env: {} });

it.each([
  ['the published image, by its digest', { [registryVersions.published]: {} }],
  ['the image that was built here', { [built]: { [RECIPE_LABEL]: digest } }],
])('the registry runs %s', async (_, images) => {
  expect(await ensure(engineWith(images))).toBe(`id of ${Object.keys(images)[0]}`);
});

it.each([
  ['that only has the name of the published one', { 'registry:3': {}, 'registry:3.0.0': {} }],
  ['that only has the name of the one built here', { [built]: {} }],
  ['of another recipe', { [built]: { [RECIPE_LABEL]: 'another' } }],
])('the registry does not run an image %s', async (_, images) => {
  await expect(ensure(engineWith(images as Record<string, Record<string, string>>))).rejects.toThrow('another image');
});
