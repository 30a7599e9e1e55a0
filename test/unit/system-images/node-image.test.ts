import { describe, expect, it } from 'vitest';
import type { Event } from '../../../src/core/event.ts';
import { RECIPE_LABEL } from '../../../src/core/labels.ts';
import type { DockerEngine, DockerImage } from '../../../src/docker/engine.ts';
import { ensureNodeImage, nodeImageStatus } from '../../../src/system-images/node-image.ts';
import { whyNotPullable } from '../../../src/system-images/pull.ts';
import { builtReference, recipeDigest } from '../../../src/system-images/recipe.ts';
import { versions } from '../../../src/system-images/versions.ts';

/** An engine with some images, and a registry that answers in a given way. */
function fakeEngine(
  images: Record<string, Record<string, string>>,
  registry: 'has it' | 'refuses' | 'is silent' = 'refuses',
) {
  const pulled: string[] = [];
  const engine = {
    pulled,
    image: (reference: string): Promise<DockerImage | undefined> => {
      const labels = images[reference];
      return Promise.resolve(
        labels && {
          id: `id of ${reference}`,
          tags: [reference],
          created: new Date(0),
          size: 1,
          labels,
          inContainerd: false,
          layers: [],
          repoDigests: [],
          onBuild: [],
          config: {},
          platform: 'linux/amd64',
          env: [],
        },
      );
    },
    api: {
      getImage: () => ({
        distribution: () =>
          registry === 'has it'
            ? Promise.resolve({})
            : registry === 'refuses'
              ? Promise.reject(
                  Object.assign(new Error('(HTTP code 500) server error - no such host '), {
                    json: { message: 'no such host' },
                  }),
                )
              : new Promise(() => undefined),
      }),
      pull: (reference: string) => {
        if (registry !== 'has it') return Promise.reject(new Error('no such host'));
        pulled.push(reference);
        images[reference] = {};
        return Promise.resolve('stream');
      },
      modem: {
        followProgress: (
          _stream: unknown,
          done: (error: null, events: unknown[]) => void,
          each: (event: unknown) => void,
        ) => {
          each({ id: 'a', status: 'Downloading', progressDetail: { current: 1e6, total: 3e6 } });
          done(null, []);
        },
      },
    },
  };
  return engine as typeof engine & DockerEngine;
}

const digest = recipeDigest();
const built = builtReference(digest);

describe('nodeImageStatus', () => {
  it("prefers kind's own image, then the one built from this recipe", async () => {
    const both = fakeEngine({ [versions.kindestNode]: {}, [built]: { [RECIPE_LABEL]: digest } });
    expect(await nodeImageStatus(both)).toMatchObject({ reference: versions.kindestNode, source: 'pulled' });
    expect(await nodeImageStatus(fakeEngine({ [built]: { [RECIPE_LABEL]: digest } }))).toMatchObject({
      reference: built,
      source: 'built',
    });
  });

  it('ignores an image without the label', async () => {
    expect(await nodeImageStatus(fakeEngine({ [built]: {} }))).toBeUndefined();
  });

  it('looks only for the configured image', async () => {
    expect(await nodeImageStatus(fakeEngine({ [versions.kindestNode]: {} }), 'mine:1')).toBeUndefined();
    expect(await nodeImageStatus(fakeEngine({ 'mine:1': {} }), 'mine:1')).toMatchObject({ source: 'configured' });
  });
});

describe('ensureNodeImage', () => {
  it('does nothing when there is an image', async () => {
    const events: Event[] = [];
    const engine = fakeEngine({ [versions.kindestNode]: {} });
    await ensureNodeImage(engine, { emit: (event) => events.push(event), env: {} });
    expect(engine.pulled).toEqual([]);
    expect(events.at(-1)).toMatchObject({ state: 'skipped' });
  });

  it("pulls kind's image if a registry answers", async () => {
    const events: Event[] = [];
    const image = await ensureNodeImage(fakeEngine({}, 'has it'), { emit: (event) => events.push(event), env: {} });
    expect(image).toMatchObject({ reference: versions.kindestNode, source: 'pulled' });
    expect(events).toContainEqual(expect.objectContaining({ detail: 'pulled 1 of 3 MB' }));
  });

  it('never replaces a configured image', async () => {
    const attempt = ensureNodeImage(fakeEngine({ [versions.kindestNode]: {} }), {
      emit: () => undefined,
      env: {},
      wanted: 'mine:1',
    });
    await expect(attempt).rejects.toMatchObject({
      code: 'NODE_IMAGE',
      message: expect.stringContaining('mine:1') as string,
    });
  });
});

describe('whyNotPullable', () => {
  it("returns the registry's own message, or a reason when it does not answer", async () => {
    expect(await whyNotPullable(fakeEngine({}), 'x')).toBe('no such host');
    expect(await whyNotPullable(fakeEngine({}, 'is silent'), 'x', 20)).toBe('no answer within 0.02 s');
    expect(await whyNotPullable(fakeEngine({}, 'has it'), 'x')).toBeUndefined();
  });
});
