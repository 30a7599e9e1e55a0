import { HarnessError } from '../core/error.ts';
import { count } from '../core/words.ts';

/** What reading all files showed about the index. */
export interface VerifiedIndex {
  /** How many files were read. A context that several images share counts once. */
  files: number;
  /** The files that the index was wrong about. It is corrected now. */
  wrong: WrongFile[];
}

export interface WrongFile {
  image: string;
  /** The named context; absent for the main one. */
  context?: string;
  /** Relative to the context; `.` if only the digest of the whole is wrong. */
  path: string;
}

/** The error for an index that was wrong. @returns undefined if it was right */
export function wrongIndexError(verified: VerifiedIndex | undefined): HarnessError | undefined {
  const wrong = verified?.wrong ?? [];
  if (wrong.length === 0) return undefined;
  return new HarnessError('INDEX_WRONG', `The index was wrong about ${count(wrong.length, 'file')}.`, {
    detail: wrong.map(describeWrong).join('\n'),
    next: 'The index is corrected. Something changes these files without a trace in their times, such as a memory map; keep them out of the context, or check with `--verify` each time.',
  });
}

function describeWrong({ image, context, path }: WrongFile): string {
  return `${image}: ${path}${context === undefined ? '' : ` in context ${context}`}`;
}
