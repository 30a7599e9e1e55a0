import type { ImageConfig } from '../config/config.ts';
import { HarnessError } from '../core/error.ts';

/**
 * Reads `--since-image`: `<image>=<reference>` for one image, or a reference for all, in which
 * `{name}` stands for the image's name.
 * @throws HarnessError USAGE if several images would get the same reference
 */
export function sinceImages(given: readonly string[], images: readonly ImageConfig[]): Record<string, string> {
  const result: Record<string, string> = {};
  for (const value of given) {
    const [, name, reference] = /^([^/:=]+)=(.+)$/.exec(value) ?? [];
    if (name !== undefined && reference !== undefined) {
      result[name] = reference;
      continue;
    }
    if (images.length > 1 && !value.includes('{name}')) {
      throw new HarnessError(
        'USAGE',
        `--since-image ${value} would be used for all of ${images.map((image) => image.name).join(', ')}.`,
        {
          next: `Name one: --since-image ${images[0]?.name}=${value}; or write {name} for the image's name.`,
        },
      );
    }
    for (const image of images) result[image.name] = value.replaceAll('{name}', image.name);
  }
  return result;
}
