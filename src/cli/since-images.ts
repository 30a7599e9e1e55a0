import type { ImageConfig } from '../config/config.ts';
import { HarnessError } from '../core/error.ts';

/**
 * What `--since-image` says for each image: `<image>=<reference>` for one of them, or a reference
 * for all, with `{name}` where they differ.
 * @throws HarnessError USAGE when one reference is to stand for several images
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
        `--since-image ${value} would stand for all of ${images.map((image) => image.name).join(', ')}.`,
        {
          next: `Name one: --since-image ${images[0]?.name}=${value}; or write {name} where the references differ.`,
        },
      );
    }
    for (const image of images) result[image.name] = value.replaceAll('{name}', image.name);
  }
  return result;
}
