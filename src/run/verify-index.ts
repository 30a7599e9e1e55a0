import { sourcesOf } from '../building/inspect-image.ts';
import type { ImageConfig } from '../config/config.ts';
import type { Session } from '../session.ts';
import type { VerifiedIndex, WrongFile } from './wrong-index.ts';

/** Reads every file of these images, compares the index with them, and corrects it. */
export async function verifyIndex(session: Session, images: readonly ImageConfig[]): Promise<VerifiedIndex> {
  const contexts = new Map<string, number>();
  const wrong: WrongFile[] = [];
  for (const image of images) {
    for (const { name, key, files, wrong: paths } of await sourcesOf(session).verify(image)) {
      contexts.set(key, files);
      wrong.push(
        ...paths.map((path) => ({ image: image.name, ...(name === undefined ? {} : { context: name }), path })),
      );
    }
  }
  return { files: [...contexts.values()].reduce((sum, files) => sum + files, 0), wrong };
}
