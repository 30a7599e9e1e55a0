import { sha256 } from '../core/digest.ts';

/** A Linux host name, and so a kind node's, has at most 63 characters. */
const HOST_NAME_LENGTH = 63;

/** What kind appends to a cluster's name: to the only control plane, and to one of several. */
const SUFFIXES = { one: '-control-plane', several: '-external-load-balancer' };

/**
 * How long a cluster's name may be, so that all of its nodes have valid names.
 * @param kindConfig the text of the user's own kind configuration, if there is one
 */
export function clusterNameLength(kindConfig: string | undefined): number {
  const controlPlanes = kindConfig?.match(/^[-\s]*role:\s*["']?control-plane\b/gm) ?? [];
  const suffix = controlPlanes.length > 1 ? SUFFIXES.several : SUFFIXES.one;
  return HOST_NAME_LENGTH - suffix.length;
}

/** The project's name as a cluster's; a digest keeps shortened names apart. */
export function clusterNameFrom(project: string, length: number): string {
  if (project.length <= length) return project;
  const digest = sha256(project).slice(0, 6);
  return `${project.slice(0, length - digest.length - 1).replace(/-+$/, '')}-${digest}`;
}

/** A directory's name, made fit for a project. */
export function projectNameFrom(directory: string): string {
  const name = directory
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 50)
    .replace(/^-+|-+$/g, '');
  return name === '' ? 'harness' : name;
}

/**
 * The environment variable that passes an image's reference to tests: `HARNESS_IMAGE_<NAME>`, with
 * `_` for everything that is not a letter or digit.
 */
export function environmentName(image: string): string {
  return `HARNESS_IMAGE_${image.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`;
}
