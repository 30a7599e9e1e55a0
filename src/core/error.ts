/** What went wrong, in a form that a script can match on. Stable: a code is never renamed. */
export type ErrorCode =
  | 'USAGE' // wrong use of the command line
  | 'CONFIG' // the configuration is wrong
  | 'DOCKER_DOWN' // Docker is installed but does not answer
  | 'TOOL_MISSING' // another tool (kind, go, …) is not installed
  | 'SETUP' // a tool could not be installed
  | 'NODE_IMAGE' // the node image could not be had
  | 'CLUSTER' // the cluster could not be created, started or reached
  | 'CLUSTER_FOREIGN' // a cluster of that name exists, but this harness did not create it
  | 'BUILD' // an image could not be built
  | 'LOAD' // an image could not be brought into a node
  | 'SERVICE' // a container beside the cluster did not come up
  | 'DEPLOY' // a manifest could not be applied, or what it describes did not come up
  | 'TESTS' // the tests could not be run (not: they failed)
  | 'DISK_FULL' // no room left
  | 'STALE' // --expect-fresh, and an image is not
  | 'INTERRUPTED'; // a signal ended the run

/** The exit code of the command that ends with this error. 1 is reserved for failed tests. */
export function exitCodeOf(code: ErrorCode): 2 | 3 | 130 {
  if (code === 'USAGE' || code === 'CONFIG') return 2;
  return code === 'INTERRUPTED' ? 130 : 3;
}

/**
 * An error that a user can act on: what was wanted, what was seen, what to do next.
 * Everything else that is thrown is a bug in this package.
 */
export class HarnessError extends Error {
  override readonly name = 'HarnessError';
  readonly code: ErrorCode;
  /** What the user should do next; one or two sentences, or commands. */
  readonly next: string | undefined;
  /** The last lines of a tool's output or the like, shown as they are. */
  readonly detail: string | undefined;

  constructor(code: ErrorCode, message: string, more: { next?: string; detail?: string; cause?: unknown } = {}) {
    super(message, { cause: more.cause });
    this.code = code;
    this.next = more.next;
    this.detail = more.detail;
  }
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/**
 * The refusal to go on where images were expected to be fresh, with the reason for each that is to
 * be built; undefined where none is.
 */
export function staleError(
  images: readonly { image: string; action: string; verdict: string; reason: string }[],
): HarnessError | undefined {
  const due = images.filter(({ action }) => action === 'build');
  if (due.length === 0) return undefined;
  const names = due.map(({ image }) => image).join(', ');
  return new HarnessError('STALE', `Images were expected to be fresh, and are not: ${names}.`, {
    detail: due.map(({ image, verdict, reason }) => `${image} is ${verdict}: ${reason}`).join('\n'),
    next: 'Run `harness why` to see all of it, or run without --expect-fresh to build.',
  });
}
