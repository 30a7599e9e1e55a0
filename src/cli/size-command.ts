import { dataSize } from '../core/words.ts';
import type { Harness } from '../harness.ts';
import { imageSizeError, placeOf } from '../sizes/judge-size.ts';
import type { ImageSize } from '../sizes/weigh-images.ts';
import type { CommandEnd } from './command.ts';
import { columns } from './tables.ts';

/** `size`: images and their layers, and an error if an image is larger than it may be. */
export async function size(harness: Harness, names: readonly string[]): Promise<CommandEnd> {
  const images = await harness.sizes(names);
  const weighed = images.flatMap(({ bytes, ...image }) => (bytes === null ? [] : [{ ...image, bytes }]));
  const failure = imageSizeError(weighed);
  const lines = images.length === 0 ? ['no images are configured'] : images.flatMap(sizeLines);
  return { lines, more: { images }, ...(failure === undefined ? {} : { failure }) };
}

/** The size of an image, for people. */
export function sizeLines({ image, reference, dockerfile, bytes, maxSize, layers }: ImageSize): string[] {
  if (bytes === null) return [`❌ ${image}  ${reference}  missing`];
  const limit = maxSize === null ? '' : ` of ${dataSize(maxSize)}`;
  const rows = layers.map((layer) => {
    const shared = layer.shared.length === 0 ? '' : ` (also in ${layer.shared.join(', ')})`;
    return [`     ${dataSize(layer.bytes)}`, placeOf(layer, dockerfile), `${shorten(layer.instruction)}${shared}`];
  });
  const mark = maxSize !== null && bytes > maxSize ? '🔶' : '✅';
  return [`${mark} ${image}  ${reference}  ${dataSize(bytes)}${limit}`, ...columns(rows).map((line) => line.trimEnd())];
}

const WIDTH = 80;

function shorten(text: string): string {
  return text.length <= WIDTH ? text : `${text.slice(0, WIDTH - 1)}…`;
}
