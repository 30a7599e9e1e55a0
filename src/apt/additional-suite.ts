import { ownArchive, sourceFor, type AptSource } from './sources.ts';

/** A file in apt's configuration. */
export interface AptFile {
  path: string;
  text: string;
}

/**
 * The files that make packages of another suite available, from the machine's own archive. The
 * suite is pinned low: apt installs nothing from it unless it is asked to.
 * @param sources apt's sources on this machine
 * @param codename of the machine's own release
 * @returns none if apt knows the suite already; undefined if the machine's own archive is not known
 */
export function additionalSuite(
  sources: readonly AptSource[],
  suite: string,
  codename: string | undefined,
): AptFile[] | undefined {
  if (sources.some(({ suites, components }) => suites.includes(suite) && components.includes('main'))) return [];
  const archive = ownArchive(sources, codename);
  if (!archive) return undefined;
  return [
    // The pin comes first: if something stops the installation in between, the suite must not be
    // there without its pin.
    {
      path: '/etc/apt/preferences.d/kind-harness',
      text: `Package: *\nPin: release n=${suite}\nPin-Priority: 100\n`,
    },
    { path: '/etc/apt/sources.list.d/kind-harness.sources', text: sourceFor(suite, archive) },
  ];
}
