import { createHash } from 'node:crypto';

/**
 * The names under which a container runtime keeps the file systems of an image, one for each layer with all below it: the OCI image
 * specification's chain ids.
 * @param layers digests of the layers' contents, lowest first
 */
export function chainIds(layers: readonly string[]): string[] {
  const chain: string[] = [];
  for (const layer of layers) {
    const below = chain.at(-1);
    chain.push(below === undefined ? layer : `sha256:${createHash('sha256').update(`${below} ${layer}`).digest('hex')}`);
  }
  return chain;
}
