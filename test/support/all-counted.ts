/**
 * Fails if BuildKit used something in a build that the harness did not count among the inputs: no
 * Dockerfile of our tests may be misread.
 * @param text everything that the harness said
 */
export function refuseUncounted(text: string): void {
  const found = /BuildKit used [^"\n]*, which the harness did not count|BuildKit used another [^"\n]* counted/.exec(
    text,
  );
  if (found) throw new Error(`A Dockerfile was misread: ${found[0]}.`);
}
