import type { OtherImage } from '../config/config.ts';
import { HarnessError } from '../core/error.ts';
import { step } from '../core/step.ts';
import { pullImage } from '../docker/registry-client.ts';
import type { Session } from '../session.ts';
import type { LoadableImage } from './loaded-image.ts';

/**
 * An image of others as Docker has it. It is pulled only if Docker lacks it, so that it stays the
 * same until the user pulls it.
 * @throws HarnessError LOAD with what the registry said
 */
export async function obtainOther(session: Session, image: OtherImage): Promise<LoadableImage> {
  const { name, reference } = image;
  const found = await session.engine.image(reference);
  if (found) return { image, built: found };
  return step(session.emit, `pull:${name}`, `image ${name}: pulling ${reference}`, async () => {
    const obstacle = await pullImage(reference, undefined, session);
    const built = await session.engine.image(reference);
    if (!built) {
      throw new HarnessError('LOAD', `Could not pull ${reference}, which is image ${name}.`, {
        ...(obstacle === undefined ? {} : { detail: obstacle }),
        next: `Check \`images.${name}.image\`, or put the image into Docker: \`docker pull\` or \`docker load\`.`,
      });
    }
    return { title: `image ${name}: pulled ${reference}`, value: { image, built } };
  });
}
