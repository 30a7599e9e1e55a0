import type { Config } from '../config/config.ts';

export interface TransportChoice {
  transport: 'registry' | 'archive';
  /** What to report to the user about the choice. */
  note?: string;
}

/**
 * Chooses how images get into nodes.
 * @param obstacle why the registry cannot be used; undefined if it can
 * @returns undefined if the registry is required but cannot be used
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
    note: `loading whole images, because the local registry cannot be used: ${obstacle}`,
  };
}
