/**
 * Asks something, for whoever needs the answer later.
 * @returns once nothing is left to do but wait for the answer: then it is time to load what else is
 * needed
 */
export async function askAhead<T>(ask: (onAsked: () => void) => Promise<T>): Promise<() => Promise<T>> {
  let answer: Promise<T> | undefined;
  await new Promise<void>((resolve) => {
    answer = ask(resolve);
    const answered = () => resolve();
    answer.then(answered, answered); // an error is heard by whoever awaits it
  });
  return () => answer as Promise<T>;
}
