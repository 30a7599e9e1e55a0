import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '../../../src/machine/process.ts';

/** Runs a Docker command and returns its output. */
export async function docker(...args: string[]): Promise<string> {
  return (await run(['docker', ...args])).stdout.trim();
}

/** The same as a list of non-empty lines. */
export async function dockerLines(...args: string[]): Promise<string[]> {
  return (await docker(...args)).split('\n').filter((line) => line !== '');
}

/**
 * Asks until there is an answer. The deadline is not part of what is tested; it only ends tests
 * that would wait forever.
 */
export async function eventually<T>(
  description: string,
  ask: () => Promise<T | undefined | false>,
  deadline = 60_000,
): Promise<T> {
  for (const end = Date.now() + deadline; Date.now() < end; await sleep(200)) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
  }
  throw new Error(`Not within ${deadline / 1000} s: ${description}.`);
}
