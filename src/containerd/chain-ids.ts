import { sha256 } from '../core/digest.ts';
import type { NodeContent } from './content.ts';

/**
 * The chain ids of the OCI image specification: the names of an image's unpacked file systems, one
 * for each layer with all layers below it.
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
 * Whether a container could start from these layers. After a broken load, a node can list an image
 * that it has not unpacked.
 */
export function isUnpacked(layers: readonly string[], { unpacked }: NodeContent): boolean {
  const top = chainIds(layers).at(-1);
  return top === undefined || unpacked === undefined || unpacked.has(top);
}
