import { HarnessError } from '../core/error.ts';
import { dataSize } from '../core/words.ts';
import type { ImageAudit } from './audit.ts';

/** The error for contexts that hold more than `audit.maxContext`. */
export function contextBudgetError(
  images: readonly Pick<ImageAudit, 'image' | 'contextBytes'>[],
  most: number | undefined,
): HarnessError | undefined {
  const over = images.filter(({ contextBytes }) => most !== undefined && contextBytes > most);
  if (most === undefined || over.length === 0) return undefined;
  const names = over.map(({ image }) => image).join(', ');
  return new HarnessError('TOO_LARGE', `These contexts hold more than ${dataSize(most)}: ${names}.`, {
    detail: over.map(({ image, contextBytes }) => `${image}: ${dataSize(contextBytes)}`).join('\n'),
    next: 'Add what `harness audit` proposes to the ignore file (`harness audit --fix`), or raise audit.maxContext.',
  });
}
