import { createHash } from 'node:crypto';

/** SHA-256 in hexadecimal. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** SHA-256 of plain data, in hexadecimal: equal for values that have the same JSON. */
export function digestOfJson(value: unknown): string {
  return sha256(JSON.stringify(value));
}
