import { existsSync, realpathSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import type { ImageConfig } from '../config/config.ts';
import { CONTEXT } from '../freshness/inputs.ts';
import type { ObservedInputs } from '../freshness/read-inputs.ts';
import { ifPresent } from '../machine/if-present.ts';
import { IgnoreRules } from '../patterns/dockerignore.ts';
import { pathMatcher } from '../patterns/path-matcher.ts';
import { readIgnoreFile } from '../sources/context.ts';

/** The files of one or more images in a repository, by their paths in it. */
export interface CountedPaths {
  /** Whether a path counts, whether or not it exists now. */
  counts: (path: string) => boolean;
  /** The paths that count and exist. */
  present: () => Set<string>;
}

/** A directory whose files count, unless they are ignored. */
interface Place {
  /** Where it is in the repository; empty for the top. */
  at: string;
  includes: (path: string) => boolean;
  files: () => Iterable<string>;
}

/**
 * Which paths of a repository are files of an image: those of its contexts, its Dockerfile and its
 * ignore file. What is outside of the repository has no commits and is left out.
 * @param top the repository's directory, without links
 */
export function countedPaths(top: string, image: ImageConfig, observed: ObservedInputs): CountedPaths {
  const places = placesOf(top, image, observed);
  const own = definitionFiles(image);
  const definition = own.flatMap((path) => within(top, path) ?? []);
  return {
    counts: (path) =>
      definition.includes(path) ||
      places.some(({ at, includes }) => {
        const inside = below(at, path);
        return inside !== undefined && includes(inside);
      }),
    present: () => {
      const found = places.flatMap(({ at, files }) => [...files()].map((path) => (at === '' ? path : `${at}/${path}`)));
      const there = own.filter((path) => existsSync(path));
      return new Set([...found, ...there.flatMap((path) => within(top, path) ?? [])]);
    },
  };
}

/** The paths of several images together. */
export function allCounted(images: readonly CountedPaths[]): CountedPaths {
  return {
    counts: (path) => images.some(({ counts }) => counts(path)),
    present: () => new Set(images.flatMap(({ present }) => [...present()])),
  };
}

/** The files that say how the image is built; some of them may not exist. */
function definitionFiles({ context, dockerfile, contexts }: ImageConfig): string[] {
  const ownIgnore = `${dockerfile}.dockerignore`;
  const directories = Object.values(contexts).flatMap((named) => ('directory' in named ? [named.directory] : []));
  return [
    dockerfile,
    ifPresent(() => realpathSync(dockerfile)) ?? dockerfile,
    ownIgnore,
    ...(existsSync(ownIgnore) ? [] : [join(context, '.dockerignore')]),
    ...directories.map((directory) => join(directory, '.dockerignore')),
  ];
}

function placesOf(top: string, image: ImageConfig, { inputs, ignore, counts }: ObservedInputs): Place[] {
  return Object.entries(inputs.trees).flatMap(([name, tree]) => {
    const named = name === CONTEXT ? undefined : image.contexts[name];
    const directory = named && 'directory' in named ? named.directory : image.context;
    const at = within(top, ifPresent(() => realpathSync(directory)) ?? directory);
    if (at === undefined) return [];
    const match = pathMatcher(new IgnoreRules(named ? (readIgnoreFile(directory) ?? '') : ignore));
    const includes = (path: string) => !match(path).ignored && (named !== undefined || counts(path));
    return [{ at, includes, files: () => filesOf(tree.entries()) }];
  });
}

function filesOf(entries: ReadonlyMap<string, string>): string[] {
  return [...entries].flatMap(([path, entry]) => (entry.startsWith('directory ') ? [] : [path]));
}

/** Where a file or directory is in the repository; undefined if it is outside. */
function within(top: string, path: string): string | undefined {
  // The file itself may be a link, or missing.
  const parent = ifPresent(() => realpathSync(dirname(path)));
  const real = parent === undefined ? path : join(parent, path.slice(dirname(path).length));
  const found = relative(top, real).split(sep).join('/');
  return found === '..' || found.startsWith('../') ? undefined : found;
}

/** The path below a directory; undefined if it is elsewhere. */
function below(directory: string, path: string): string | undefined {
  if (directory === '') return path;
  return path.startsWith(`${directory}/`) ? path.slice(directory.length + 1) : undefined;
}
