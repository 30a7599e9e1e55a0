/**
 * Starts a request whose answer is needed later. `ask` calls `onAsked` once it only has to wait for
 * the answer.
 * @returns from then on (or when `ask` has ended) a function that waits for the answer: the caller
 * can use the time, for instance to load modules
 */
export async function askAhead<T>(ask: (onAsked: () => void) => Promise<T>): Promise<() => Promise<T>> {
  let answer: Promise<T> | undefined;
  await new Promise<void>((resolve) => {
    answer = ask(resolve);
    const answered = () => resolve();
    answer.then(answered, answered); // the caller gets the error from the returned function
  });
  return () => answer as Promise<T>;
}
