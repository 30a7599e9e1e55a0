import type { TestInputs } from './test-inputs.ts';

/** How many passes of each test file are remembered: enough to switch between a few branches. */
const KEPT_PASSES = 4;

/**
 * Why a test file must run again; undefined if it passed before with everything as it is now.
 * @param passes what its result depended on each time it passed, latest first
 * @param fileNow returns the current digest of one of its files
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

/** Adds a pass to those that are remembered. */
export function withPass(passes: readonly TestInputs[], pass: TestInputs): TestInputs[] {
  const isSame = (other: TestInputs) =>
    changeSince(pass, other.surroundings, (name) => other.files[name] ?? '') === undefined &&
    Object.keys(pass.files).length === Object.keys(other.files).length;
  return [pass, ...passes.filter((other) => !isSame(other))].slice(0, KEPT_PASSES);
}
