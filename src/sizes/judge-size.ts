import { HarnessError } from '../core/error.ts';
import { dataSize } from '../core/words.ts';

/** A layer of an image that has bytes. */
export interface SizedLayer {
  /** The line in the Dockerfile, counted from 1; null if it is not in it. */
  line: number | null;
  instruction: string;
  /** Whether it is from the base image. */
  isBase: boolean;
  /** Bytes that it adds, unpacked. */
  bytes: number;
}

/** An image with what it may weigh. */
export interface WeighedImage {
  image: string;
  /** Of all layers, unpacked. */
  bytes: number;
  /** The most bytes that it may have; null for any number. */
  maxSize: number | null;
  /** The Dockerfile, as people know it. */
  dockerfile: string;
  layers: SizedLayer[];
}

const SHOWN = 5;

/** The error for images that are larger than their `maxSize`; undefined if there are none. */
export function imageSizeError(images: readonly WeighedImage[]): HarnessError | undefined {
  const over = images.filter(({ bytes, maxSize }) => maxSize !== null && bytes > maxSize);
  if (over.length === 0) return undefined;
  const names = over.map(({ image }) => image);
  const sentences = over.map(
    ({ image, bytes, maxSize }) => `Image ${image} has ${sizes(bytes, maxSize ?? 0)} that its maxSize allows.`,
  );
  return new HarnessError('TOO_LARGE', sentences.join(' '), {
    detail: over.flatMap((image) => largest(image, over.length > 1)).join('\n'),
    next: `Make the largest layers smaller, or raise ${names.map((name) => `\`images.${name}.maxSize\``).join(', ')}. \`harness size ${names.join(' ')}\` lists all layers.`,
  });
}

/** In bytes if people could not tell the two apart. */
function sizes(bytes: number, most: number): string {
  const [has, allowed] = [dataSize(bytes), dataSize(most)];
  return has === allowed ? `${bytes} bytes, more than the ${most} bytes` : `${has}, more than the ${allowed}`;
}

function largest({ image, dockerfile, layers }: WeighedImage, isNamed: boolean): string[] {
  const first = layers.toSorted((a, b) => b.bytes - a.bytes).slice(0, SHOWN);
  return first.map((layer) => {
    const text = `${dataSize(layer.bytes)}  ${placeOf(layer, dockerfile)}  ${layer.instruction}`.trimEnd();
    return isNamed ? `${image}: ${text}` : text;
  });
}

/** Where a layer comes from, for people. */
export function placeOf({ line, isBase }: Pick<SizedLayer, 'line' | 'isBase'>, dockerfile: string): string {
  if (line !== null) return `${dockerfile}:${line}`;
  return isBase ? 'base image' : '-';
}
