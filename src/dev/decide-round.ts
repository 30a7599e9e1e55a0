/** What changed since the last round. */
export interface ObservedChanges {
  /**
   * Images whose inputs changed, and whether they must be built. An image that already failed with
   * its current inputs is not listed.
   */
  images: { name: string; mustBuild: boolean; reason: string }[];
  manifests: boolean;
  /** Changed files that test files depend on. */
  tests: string[];
}

/** What a round of `harness dev` does. */
export interface RoundPlan {
  /** Everything that a tier does, or only the tests on the current deployment. */
  work: 'everything' | 'tests';
  /** One line for people: what changed, and what will be done. */
  title: string;
}

/** How many changed files are named; further ones are only counted. */
const NAMED = 3;

/**
 * Decides what to do about changes.
 * @param isDeployed whether the deployment of the last round succeeded
 * @returns undefined if the changes concern neither images nor manifests nor tests
 */
export function planRound(changes: ObservedChanges, isDeployed: boolean): RoundPlan | undefined {
  const { manifests, tests } = changes;
  // After a failed round, an image may be fresh again because its change was reverted.
  const images = changes.images.filter(({ mustBuild }) => mustBuild || !isDeployed);
  const reasons = [
    ...images.map(({ name, reason }) => `image ${name}: ${reason}`),
    ...(manifests ? ['manifests changed'] : []),
    ...(tests.length > 0 ? [`tests: ${list(tests)} changed`] : []),
  ];
  if (reasons.length === 0) return undefined;
  const deploys = images.length > 0 || manifests || !isDeployed;
  const builds = images.some(({ mustBuild }) => mustBuild);
  const steps = [...(builds ? ['build', 'load'] : []), ...(deploys ? ['deploy'] : []), 'test'];
  return { work: deploys ? 'everything' : 'tests', title: `${reasons.join('; ')} → ${steps.join(', ')}` };
}

function list(files: readonly string[]): string {
  const rest = files.length - NAMED;
  return [...files.slice(0, NAMED), ...(rest > 0 ? [`${rest} more`] : [])].join(', ');
}
