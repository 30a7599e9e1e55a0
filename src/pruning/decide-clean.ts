import { repositoryOf, runtimeName } from '../docker/reference.ts';
import { describeNeed, isPassingName, type DockerHolding, type Kept, type Removal } from './decide-prune.ts';

/** What decides which images `clean` removes. */
export interface CleanNeeds {
  project: string;
  /** The references of the configured images. */
  configured: readonly string[];
  /** Ports of the registries of other clusters: pushes to them are not ours. */
  foreignPorts: ReadonlySet<number>;
}

const CLEANED = 'built for this project';

/**
 * Decides what `clean` removes from Docker. It takes the configured names, and those that a killed
 * run left, away from the images that the harness built for the project; an image goes with its
 * last name. All other names belong to the user. An image that something else needs stays with its
 * names, because Docker would remove the image together with the last one.
 */
export function decideClean(
  images: readonly DockerHolding[],
  needs: CleanNeeds,
): { removals: Removal[]; kept: Kept[] } {
  const references = new Set(needs.configured.map(runtimeName));
  const removals: Removal[] = [];
  const kept: Kept[] = [];
  for (const holding of images) {
    if (holding.labels.project !== needs.project) continue;
    const { id, names, isOwn, isOthers, neededBy } = holding;
    const keep = (named: readonly string[], reason: string) =>
      kept.push({ image: named.length === 0 ? id : named.join(', '), reason });
    if (isOthers) {
      keep(names, 'another repository built it, whose project has the same name');
      continue;
    }
    if (!isOwn) {
      keep(names, 'this harness did not build it, but the image that it is built on');
      continue;
    }
    if (neededBy.length > 0) {
      keep(names, describeNeed(neededBy));
      continue;
    }
    const isOurs = (name: string) => references.has(runtimeName(name)) || isPassingName(name, id, needs.foreignPorts);
    const removable = names.filter((name) => isOurs(name) && !name.includes('@'));
    // A digest goes with the tags of its repository.
    const left = names.filter((name) => !removable.includes(name));
    const repositories = new Set(removable.map(repositoryOf));
    const others = left.filter((name) => !(name.includes('@') && repositories.has(repositoryOf(name))));
    const whole = others.length === 0;
    if (whole || removable.length > 0) removals.push({ id, names: removable, whole, reason: CLEANED });
    if (!whole) keep(others, others.length === 1 ? 'the name is not configured' : 'the names are not configured');
  }
  return { removals, kept };
}
