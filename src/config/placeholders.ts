import { parseReference } from '../docker/reference.ts';
import type { ImageConfig } from './config.ts';

/** The parts of an image's reference that a placeholder can name. */
const PARTS = ['repository', 'tag', 'registry', 'path'] as const;

type Part = (typeof PARTS)[number];

/** A text of the configuration may contain it anywhere. An image's name may contain dots. */
const PLACEHOLDER = /\{image\.([^{}\s]+)\}/g;

/** The placeholders in a text that name no configured image or no part of one. */
export function unknownPlaceholders(
  text: string,
  images: readonly Pick<ImageConfig, 'name' | 'reference'>[],
): string[] {
  return [...text.matchAll(PLACEHOLDER)]
    .filter(([, body = '']) => valueOf(body, images) === undefined)
    .map(([all]) => all);
}

/** What to write instead of an unknown placeholder, for a message. */
export function knownPlaceholders(images: readonly Pick<ImageConfig, 'name'>[]): string {
  const names = images.map(({ name }) => `\`${name}\``).join(', ') || 'none';
  const parts = PARTS.map((part) => `\`.${part}\``).join(', ');
  return `expected \`{image.<name>}\`, with ${parts} or nothing after the name; configured images: ${names}`;
}

/**
 * Fills in the images: `{image.api}` is the whole reference, `{image.api.repository}` everything
 * before the tag, `{image.api.registry}` and `{image.api.path}` the two parts of that.
 */
export function fillPlaceholders(text: string, images: readonly Pick<ImageConfig, 'name' | 'reference'>[]): string {
  return text.replace(PLACEHOLDER, (all, body: string) => valueOf(body, images) ?? all);
}

function valueOf(body: string, images: readonly Pick<ImageConfig, 'name' | 'reference'>[]): string | undefined {
  const whole = images.find(({ name }) => name === body);
  if (whole) return whole.reference;
  const dot = body.lastIndexOf('.');
  const part = PARTS.find((known) => known === body.slice(dot + 1));
  const image = images.find(({ name }) => name === body.slice(0, dot));
  return image && part && partOf(image.reference, part);
}

function partOf(reference: string, part: Part): string {
  const { host = '', path = '', tag = 'latest' } = parseReference(reference) ?? {};
  switch (part) {
    case 'repository':
      return reference.endsWith(`:${tag}`) ? reference.slice(0, -tag.length - 1) : reference;
    case 'tag':
      return tag;
    case 'registry':
      return host;
    case 'path':
      return path;
  }
}
