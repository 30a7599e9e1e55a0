import { describe, expect, it } from 'vitest';
import { confirmBuild } from '../../../src/building/confirm-build.ts';
import { LABELS } from '../../../src/core/labels.ts';
import type { DockerEngine, DockerImage } from '../../../src/docker/engine.ts';
import { seal } from '../../../src/freshness/judge-origin.ts';
import { imageIn } from '../../support/image-config.ts';

const DIGEST = 'sha256:inputs';
const ID = 'sha256:built';
const image = imageIn('/repo');

/** An engine that has one image under the configured name. */
function engineWith(found: Partial<DockerImage> | undefined, history: string[] = []): DockerEngine {
  const whole = found && { id: ID, labels: { [LABELS.inputs]: DIGEST }, ...found };
  const answers = {
    image: () => Promise.resolve(whole),
    json: () => Promise.resolve(history.map((CreatedBy) => ({ CreatedBy }))),
  };
  return answers as unknown as DockerEngine;
}

const confirm = (engine: DockerEngine, more: { isSealed?: boolean; reported?: string[] } = {}) =>
  confirmBuild(engine, image, { digest: DIGEST, isSealed: true, reported: [ID], sources: undefined, ...more });

describe('the image that Docker has after a build', () => {
  it('is the one that BuildKit reported', async () => {
    expect(await confirm(engineWith({}))).toMatchObject({ id: ID });
    expect(await confirm(engineWith({ id: 'sha256:index', manifest: ID }))).toMatchObject({ id: 'sha256:index' });
  });

  it('is also the one with the seal, because another builder reports other digests', async () => {
    const own = engineWith({ id: 'sha256:loaded' }, [seal(DIGEST), 'COPY a /']);
    expect(await confirm(own)).toMatchObject({ id: 'sha256:loaded' });
    expect(await confirm(own, { reported: [] })).toMatchObject({ id: 'sha256:loaded' });
  });

  it('is known by its label where there was no place for a seal', async () => {
    const found = engineWith({ id: 'sha256:loaded' }, ['run']);
    expect(await confirm(found, { isSealed: false })).toMatchObject({ id: 'sha256:loaded' });
  });

  it.each([
    ['has no label', engineWith({ labels: {} })],
    ['was built from other inputs', engineWith({ labels: { [LABELS.inputs]: 'sha256:older' } })],
    ['was built on the built one', engineWith({ id: 'sha256:other' }, ['RUN patch', seal(DIGEST)])],
  ])('is refused if it %s', async (_, engine) => {
    await expect(confirm(engine)).rejects.toMatchObject({
      code: 'BUILD',
      message: `Image ${image.reference} was built, but Docker has another image of that name.`,
    });
  });

  it('is refused if it is missing', async () => {
    await expect(confirm(engineWith(undefined))).rejects.toMatchObject({
      code: 'BUILD',
      message: `Image ${image.reference} was built, but Docker does not have it.`,
    });
  });
});
