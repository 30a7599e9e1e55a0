import { isRecord } from './pod-templates.ts';

/** A deep copy. `structuredClone` would lose integers that are kept digit by digit. */
export function copyOf<T>(value: T): T {
  return copy(value) as T;
}

function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy);
  if (!isRecord(value) || isExact(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, copy(each)]));
}

/** Whether a value is an integer that is kept digit by digit. */
export function isExact(value: unknown): boolean {
  return (JSON as unknown as { isRawJSON: (value: unknown) => boolean }).isRawJSON(value);
}
