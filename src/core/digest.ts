import { createHash } from 'node:crypto';

/** One digest over plain data, in hexadecimal: the same for what is written alike as JSON. */
export function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
