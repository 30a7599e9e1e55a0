/** The kind of an error, for scripts to match on. Codes are stable: none is ever renamed. */
export type ErrorCode =
  | 'USAGE' // invalid command line, or an image name that is not configured
  | 'CONFIG' // invalid or missing configuration, or an invalid manifest
  | 'DOCKER_DOWN' // Docker does not respond or could not be started
  | 'TOOL_MISSING' // a required program (kind, docker buildx, …) is not installed
  | 'SETUP' // `harness setup` could not install something
  | 'NODE_IMAGE' // the node or registry image could not be pulled or built
  | 'CLUSTER' // the cluster could not be created or started, is not running, or does not respond
  | 'CLUSTER_FOREIGN' // a cluster or registry of that name exists but belongs to something else
  | 'BUILD' // an image could not be built
  | 'LOAD' // an image could not be loaded into a node or removed
  | 'SERVICE' // a service container next to the cluster could not be started
  | 'DEPLOY' // a manifest could not be applied, or the deployment did not become ready
  | 'NOT_CURRENT' // something else was deployed before the tests had ended, so their result does not count
  | 'TESTS' // the tests could not be run; failed tests are not an error
  | 'DISK_FULL' // the disk is full
  | 'LOCKED' // another run uses the same cluster, and the time to wait for it is over
  | 'STALE' // `--expect-fresh` was given, but an image would have to be built
  | 'INDEX_WRONG' // `--verify` found files that changed although the index said that they had not
  | 'TOO_LARGE' // a context or an image has more bytes than the configuration allows
  | 'INTERRUPTED'; // the run was ended by a signal

/** The exit code of a command that ends with this error. 1 is reserved for failed tests. */
export function exitCodeOf(code: ErrorCode): 2 | 3 | 130 {
  if (code === 'USAGE' || code === 'CONFIG') return 2;
  return code === 'INTERRUPTED' ? 130 : 3;
}

/**
 * An error that a user can act on: what happened, what was expected, what to do next. Any other
 * error that is thrown is a bug in this package.
 */
export class HarnessError extends Error {
  override readonly name = 'HarnessError';
  readonly code: ErrorCode;
  /** What the user should do next; one or two sentences, or commands. */
  readonly next: string | undefined;
  /** More about the error, for instance the last lines of a tool's output; printed unchanged. */
  readonly detail: string | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    more: { next?: string | undefined; detail?: string | undefined; cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause });
    this.code = code;
    this.next = more.next;
    this.detail = more.detail;
  }
}

/** The message of any thrown value. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/**
 * The error for images that were expected to be fresh but would have to be built.
 * @returns undefined if all are fresh
 */
export function staleError(
  images: readonly { image: string; action: string; verdict: string; reason: string }[],
): HarnessError | undefined {
  const stale = images.filter(({ action }) => action === 'build');
  if (stale.length === 0) return undefined;
  const names = stale.map(({ image }) => image).join(', ');
  return new HarnessError('STALE', `Expected fresh images, but these are stale: ${names}.`, {
    detail: stale.map(({ image, verdict, reason }) => `${image} is ${verdict}: ${reason}`).join('\n'),
    next: 'Run `harness why` for details, or run without `--expect-fresh` to build them.',
  });
}
