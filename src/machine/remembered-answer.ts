import { digestOfJson } from '../core/digest.ts';
import { readState, writeState } from './state-file.ts';

/**
 * The answer in a file, if it belongs to the same question and is not damaged. A wrong answer would
 * cost more than this saves.
 * @param question everything that the answer depends on
 */
export function recall<T>(path: string, question: unknown): T | undefined {
  const stored = readState<{ seal: string; answer: T }>(path);
  return stored?.seal === digestOfJson([question, stored?.answer]) ? stored?.answer : undefined;
}

/**
 * Stores an answer for `recall`. If the disk is full or read-only, the next run only has to compute
 * the answer again.
 */
export function keep(path: string, question: unknown, answer: unknown): void {
  try {
    writeState(path, JSON.stringify({ seal: digestOfJson([question, answer]), answer }));
  } catch {
    // it will be computed again
  }
}
