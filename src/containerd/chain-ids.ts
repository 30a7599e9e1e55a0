import { sha256 } from '../core/digest.ts';
import type { NodeContent } from './content.ts';

/**
 * The names under which a container runtime keeps the file systems of an image, one for each layer
 * with all below it: the OCI image specification's chain ids.
 * @param layers digests of the layers' contents, lowest first
 */
export function chainIds(layers: readonly string[]): string[] {
  const chain: string[] = [];
  for (const layer of layers) {
    const below = chain.at(-1);
    chain.push(below === undefined ? layer : `sha256:${sha256(`${below} ${layer}`)}`);
  }
  return chain;
}

/**
 * Whether a container could start from those layers. A broken load can leave an image listed that
 * none can.
 */
export function isUnpacked(layers: readonly string[], { unpacked }: NodeContent): boolean {
  const top = chainIds(layers).at(-1);
  return top === undefined || unpacked === undefined || unpacked.has(top);
}
