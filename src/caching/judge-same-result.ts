import { isDeepStrictEqual } from 'node:util';
import { LABELS } from '../core/labels.ts';
import type { DockerImage } from '../docker/engine.ts';
import type { Stamp } from '../settings/image-facts.ts';

/** What containers get of an image. */
export type ImageContent = Pick<DockerImage, 'layers' | 'config' | 'platform'>;

/**
 * Whether two builds of an image gave the same: the same layers, and the same configuration. What
 * only says where an image comes from does not count: the label with the digest of its inputs, the
 * values of stamps, times and history.
 * @param stamps the stamps of both builds
 */
export function isSameResult(before: ImageContent, after: ImageContent, stamps: readonly Stamp[]): boolean {
  return isDeepStrictEqual(withoutFacts(before, stamps), withoutFacts(after, stamps));
}

function withoutFacts({ layers, config, platform }: ImageContent, stamps: readonly Stamp[]) {
  const named = (way: Stamp['as']) => stamps.filter(({ as }) => as === way).map(({ name }) => name);
  const labels = new Set<string>([LABELS.inputs, ...named('label')]);
  const variables = named('env');
  const { Labels, Env, ...rest } = config;
  return {
    platform,
    // Each stamp that is a file is a layer at the end.
    layers: layers.slice(0, Math.max(layers.length - named('file').length, 0)),
    labels: Object.fromEntries(Object.entries(Labels ?? {}).filter(([name]) => !labels.has(name))),
    env: (Env ?? []).map((entry) => {
      const [name = ''] = entry.split('=', 1);
      return variables.includes(name) ? name : entry;
    }),
    rest,
  };
}
