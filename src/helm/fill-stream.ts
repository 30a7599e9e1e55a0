import { stringify } from 'yaml';
import type { ImageField } from '../config/config.ts';
import type { KubeObject } from '../kubernetes/api.ts';
import type { NamedImage } from '../loading/loaded-image.ts';
import { withImages } from '../manifests/fill-manifest.ts';
import { isExact } from '../manifests/copy-of.ts';
import { problemsOf } from '../manifests/find-problems.ts';
import { readObjects } from '../manifests/read-objects.ts';

/** What is filled in. */
export interface StreamFilling {
  images: readonly NamedImage[];
  /** Where custom resources name images. */
  imageFields: readonly ImageField[];
}

/**
 * Fills the images into a stream of manifests. Documents without a configured image stay as they
 * are, letter by letter; Helm shows them to people.
 */
export function fillStream(text: string, filling: StreamFilling): string {
  const documents = text.split(/^---(?=\s|$)/m).map((document) => filled(document, filling));
  const stream = documents.join('---');
  // Helm takes an empty answer for a failure; a chart may have no objects at all.
  return stream.trim() === '' ? '# no objects\n' : stream;
}

function filled(text: string, { images, imageFields }: StreamFilling): string {
  const { found, problems } = readObjects(text);
  const [object, second] = found.map(({ value }) => value);
  if (problems.length > 0 || second !== undefined || problemsOf(object).length > 0) return text; // Helm reports it
  const changed = withImages(object as KubeObject, images, imageFields);
  if (JSON.stringify(changed) === JSON.stringify(object)) return text;
  const comment = /^\s*# Source: .*$/m.exec(text)?.[0].trim();
  // All texts in quotes, so that no reader takes `yes` or `0755` for something else.
  const yaml = stringify(changed, keepDigits, {
    version: '1.1',
    defaultStringType: 'QUOTE_DOUBLE',
    defaultKeyType: 'PLAIN',
    lineWidth: 0,
  });
  return `\n${comment === undefined ? '' : `${comment}\n`}${yaml}`;
}

/** Integers that a JavaScript number would round. */
function keepDigits(_: unknown, value: unknown): unknown {
  return isExact(value) ? BigInt(JSON.stringify(value)) : value;
}
