/** Milliseconds for the waits on the engine. */
export interface Patience {
  /** Without a byte of the answer, until the engine is asked whether it lives. */
  pulse: number;
  /** For the answer to that. */
  ping: number;
  /** Without a byte of the answer, even if the engine lives. */
  silence: number;
}

export const PATIENCE: Patience = { pulse: 15_000, ping: 10_000, silence: 900_000 };

/**
 * Watches a wait for the engine. Some answers take minutes, so a late one only ends the wait if the
 * engine does not answer another question either.
 * @param lives asks the engine whether it lives
 * @param onDead called at most once, with what is wrong
 */
export function watchAnswer(
  { pulse, silence }: Patience,
  lives: () => Promise<boolean>,
  onDead: (problem: string) => void,
): { heard: () => void; end: () => void } {
  let lastHeard = Date.now();
  let isOver = false;
  const seconds = () => Math.round((Date.now() - lastHeard) / 1000);
  const check = async () => {
    const isAlive = await lives();
    if (isOver) return;
    if (isAlive && Date.now() - lastHeard < silence) return void timer.refresh();
    isOver = true;
    onDead(`it accepted the connection, but did not answer within ${seconds()} s`);
  };
  const timer = setTimeout(() => void check(), pulse).unref();
  return {
    heard: () => {
      lastHeard = Date.now();
      if (!isOver) timer.refresh();
    },
    end: () => {
      isOver = true;
      clearTimeout(timer);
    },
  };
}
