import type { TestInputs } from './test-inputs.ts';

/**
 * How many passes of one test file are remembered: enough to go back and forth between a few
 * branches.
 */
const KEPT = 4;

/**
 * Why a test file has to run again; undefined when it passed before just as everything is now.
 * @param passes what it rested on when it passed, the last one first
 * @param fileNow the digest of one of its files as it is now
 */
export function whyTestAgain(
  passes: readonly TestInputs[],
  surroundings: TestInputs['surroundings'],
  fileNow: (name: string) => string,
): string | undefined {
  const changes = passes.map((pass) => changeSince(pass, surroundings, fileNow));
  if (changes.includes(undefined)) return undefined;
  return changes.length === 0 ? 'it has not passed yet' : `changed: ${changes[0]}`;
}

function changeSince(
  pass: TestInputs,
  surroundings: TestInputs['surroundings'],
  fileNow: (name: string) => string,
): string | undefined {
  const names = new Set([...Object.keys(surroundings), ...Object.keys(pass.surroundings)]);
  return (
    [...names].find((name) => pass.surroundings[name] !== surroundings[name]) ??
    Object.keys(pass.files).find((name) => pass.files[name] !== fileNow(name))
  );
}

/** The passes that are remembered after one more. */
export function withPass(passes: readonly TestInputs[], pass: TestInputs): TestInputs[] {
  const same = (other: TestInputs) =>
    changeSince(pass, other.surroundings, (name) => other.files[name] ?? '') === undefined &&
    Object.keys(pass.files).length === Object.keys(other.files).length;
  return [pass, ...passes.filter((other) => !same(other))].slice(0, KEPT);
}
