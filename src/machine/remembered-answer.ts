import { digestOfJson } from '../core/digest.ts';
import { readState, writeState } from './state-file.ts';

/**
 * The answer that was kept under a path, if it was given to the same question and is whole: what
 * saves time must never be worth less than what it saves.
 * @param question everything that the answer depends on
 */
export function recall<T>(path: string, question: unknown): T | undefined {
  const kept = readState<{ seal: string; answer: T }>(path);
  return kept?.seal === digestOfJson([question, kept?.answer]) ? kept?.answer : undefined;
}

/**
 * Keeps an answer for `recall`. A full or read-only disk costs the next run the time to find it out
 * again.
 */
export function keep(path: string, question: unknown, answer: unknown): void {
  try {
    writeState(path, JSON.stringify({ seal: digestOfJson([question, answer]), answer }));
  } catch {
    // it is found out again
  }
}
