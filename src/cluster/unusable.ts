import { HarnessError, messageOf } from '../core/error.ts';

/**
 * Evidence about a cluster itself: it does not become healthy. Every other error says something
 * about files, Docker or this machine, and never leads to a deletion.
 */
export class Unusable extends HarnessError {
  /** What is wrong, as the rest of a sentence. */
  readonly reason: string;

  constructor(reason: string, cause: unknown) {
    super('CLUSTER', `The cluster cannot be used: ${reason}.`, {
      next: 'Check its nodes with `harness status`, recreate it with `harness down` and `harness up`, or raise `timeouts.cluster`.',
      detail: cause instanceof HarnessError ? cause.detail : messageOf(cause),
      cause,
    });
    this.reason = reason;
  }
}
