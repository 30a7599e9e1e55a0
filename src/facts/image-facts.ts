/**
 * What is true about an image's sources now. Nothing here is an input: a fact never makes an image
 * stale. What is not certain is `unknown`.
 */
export interface ImageFacts {
  /** The last commit that changed a file of the image. */
  commit: string;
  /** When it was made, in ISO 8601, UTC. */
  commitTime: string;
  /** Files of the image that are not as in the commit, by their path in the repository. */
  dirty: readonly string[];
  /** How git describes what is checked out, from the nearest tag. */
  version: string;
  branch: string;
  /** The URL of the remote `origin`, without credentials. */
  source: string;
  /** Why the commit is unknown; undefined if it is known. */
  unknown?: string | undefined;
}

export const UNKNOWN = 'unknown';

/** No fact is known. @param why said to people; continues a sentence */
export function unknownFacts(why: string): ImageFacts {
  return {
    commit: UNKNOWN,
    commitTime: UNKNOWN,
    dirty: [],
    version: UNKNOWN,
    branch: UNKNOWN,
    source: UNKNOWN,
    unknown: why,
  };
}

/** The commit as stamps and names say it: with `-dirty` if a file of the image is not as in it. */
export function commitWord({ commit, dirty }: Pick<ImageFacts, 'commit' | 'dirty'>): string {
  return commit === UNKNOWN || dirty.length === 0 ? commit : `${commit}-dirty`;
}
