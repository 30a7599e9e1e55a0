import { setTimeout as pause } from 'node:timers/promises';

const INTERVAL_MS = 100;

/**
 * Asks until the answer is as wanted, and returns it. A question that fails is asked again as well.
 * @throws when the time is over, with the last that was seen.
 */
export async function until<T>(wanted: string, ask: () => Promise<T>, isWanted: (answer: T) => boolean, { seconds = 20 } = {}): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    let seen: string;
    try {
      const answer = await ask();
      if (isWanted(answer)) return answer;
      seen = JSON.stringify(answer);
    } catch (error) {
      seen = String(error);
    }
    if (Date.now() > deadline) throw new Error(`Waited ${seconds} s for ${wanted}. Last seen: ${seen}`);
    await pause(INTERVAL_MS);
  }
}
