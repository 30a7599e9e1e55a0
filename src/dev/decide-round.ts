/** What is different from how it was in the last round. */
export interface Noticed {
  /**
   * Images whose inputs are others than before, and whether they are due. One that is due still,
   * and failed with these inputs, is not here.
   */
  images: { name: string; due: boolean; reason: string }[];
  manifests: boolean;
  /** Files that tests are made of. */
  tests: string[];
}

/** What a round of `harness dev` does. */
export interface RoundPlan {
  /** Everything that a tier does, or only the tests on what stands. */
  work: 'everything' | 'tests';
  /** One line for people: what is different, and what is done about it. */
  title: string;
}

/** How many files are named before the rest is only counted. */
const NAMED = 3;

/**
 * Decides what to do about changes; undefined when they concern neither images nor manifests nor
 * tests.
 * @param ready whether the last round got as far as to its tests
 */
export function planRound(noticed: Noticed, ready: boolean): RoundPlan | undefined {
  const { manifests, tests } = noticed;
  // What failed may be mended by going back to what was built before.
  const images = noticed.images.filter(({ due }) => due || !ready);
  const reasons = [
    ...images.map(({ name, reason }) => `image ${name}: ${reason}`),
    ...(manifests ? ['manifests changed'] : []),
    ...(tests.length > 0 ? [`tests: ${inWords(tests)} changed`] : []),
  ];
  if (reasons.length === 0) return undefined;
  const deploys = images.length > 0 || manifests || !ready;
  const steps = [...(images.some(({ due }) => due) ? ['build', 'load'] : []), ...(deploys ? ['deploy'] : []), 'test'];
  return { work: deploys ? 'everything' : 'tests', title: `${reasons.join('; ')} → ${steps.join(', ')}` };
}

function inWords(files: readonly string[]): string {
  const rest = files.length - NAMED;
  return [...files.slice(0, NAMED), ...(rest > 0 ? [`${rest} more`] : [])].join(', ');
}
