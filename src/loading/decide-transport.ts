import type { Config } from '../config/config.ts';

export interface TransportChoice {
  transport: 'registry' | 'archive';
  /** What the user should hear about the choice. */
  note?: string;
}

/**
 * How images get into nodes.
 * @param obstacle why no registry can be had; undefined when one is there
 * @returns undefined when the one that was asked for cannot be had
 */
export function chooseTransport(
  wanted: Config['transport'],
  obstacle: string | undefined,
): TransportChoice | undefined {
  if (wanted === 'archive') return { transport: 'archive' };
  if (obstacle === undefined) return { transport: 'registry' };
  if (wanted === 'registry') return undefined;
  return {
    transport: 'archive',
    note: `images are loaded whole, because there is no registry beside the cluster: ${obstacle}`,
  };
}
