import { diskFullOr } from '../machine/disk-full.ts';
import { printable, tail, tryRun } from '../machine/process.ts';
import { dockerClient } from './client.ts';

/** One build, as BuildKit takes it. */
export interface BuildRequest {
  context: string;
  /** Where the user finds that context, for error messages. */
  contextSource: string;
  dockerfile: string;
  /** Where the user finds that Dockerfile, for error messages. */
  source: string;
  reference: string;
  target?: string;
  buildArgs: Readonly<Record<string, string>>;
  /**
   * Build arguments that come from the environment: handed on there, where no list of processes
   * shows them.
   */
  hiddenArgs: Readonly<Record<string, string>>;
  /** What to build for; empty: what Docker builds for by itself. */
  platforms: readonly string[];
  /** Secrets as BuildKit takes them: `id=npm,env=NPM_TOKEN`. */
  secrets: readonly string[];
  labels: Readonly<Record<string, string>>;
  /** Named contexts: what stands for a reference in `FROM`. */
  contexts: Readonly<Record<string, string>>;
  /** Use no cache at all. */
  noCache: boolean;
  /** The environment of Docker's client. */
  env: NodeJS.ProcessEnv;
  signal?: AbortSignal;
  onLine?: (line: string) => void;
}

/**
 * Builds an image with BuildKit into the engine, under its reference. Without attestations: they
 * give an unchanged build a new digest (moby#48391).
 * @throws HarnessError BUILD with the failing lines
 */
export async function build(request: BuildRequest): Promise<void> {
  const flag = (name: string, values: Readonly<Record<string, string>>) =>
    Object.entries(values).flatMap(([key, value]) => [name, `${key}=${value}`]);
  const argv: [string, ...string[]] = [
    await dockerClient(request.env),
    'buildx',
    'build',
    '--load',
    '--provenance=false',
    '--progress=plain',
    '--tag',
    request.reference,
    '--file',
    request.dockerfile,
    ...(request.target === undefined ? [] : ['--target', request.target]),
    ...(request.noCache ? ['--no-cache'] : []),
    ...(request.platforms.length === 0 ? [] : ['--platform', request.platforms.join(',')]),
    ...flag('--build-arg', request.buildArgs),
    ...Object.keys(request.hiddenArgs).flatMap((name) => ['--build-arg', name]),
    ...request.secrets.flatMap((secret) => ['--secret', secret]),
    ...flag('--label', request.labels),
    ...flag('--build-context', request.contexts),
    request.context,
  ];
  const result = await tryRun(argv, {
    code: 'BUILD',
    env: { ...request.env, ...request.hiddenArgs },
    ...(request.signal === undefined ? {} : { signal: request.signal }),
    ...(request.onLine === undefined ? {} : { onLine: request.onLine }),
  });
  if (result.exitCode === 0) return;
  throw diskFullOr('BUILD', result.all, {
    message: `Could not build the image ${request.reference}.`,
    whenFull: `The disk is full: could not build the image ${request.reference}.`,
    detail: failureOf(result.all),
    next: `Correct ${request.source}. To run this build alone: ${byHand(request)}`,
  });
}

/**
 * The build as a user would type it. Build arguments by name only: their values may be nobody
 * else's business.
 */
function byHand({
  source,
  target,
  platforms,
  buildArgs,
  hiddenArgs,
  secrets,
  contexts,
  contextSource,
}: BuildRequest): string {
  return printable([
    'docker',
    'buildx',
    'build',
    '--file',
    source,
    ...(target === undefined ? [] : ['--target', target]),
    ...(platforms.length === 0 ? [] : ['--platform', platforms.join(',')]),
    ...Object.keys({ ...buildArgs, ...hiddenArgs }).flatMap((name) => ['--build-arg', name]),
    ...secrets.flatMap((secret) => ['--secret', secret]),
    ...Object.entries(contexts).flatMap(([name, value]) => [
      '--build-context',
      `${name}=${value.replace(/\/\/[^/@]*@/, '//…@')}`,
    ]),
    contextSource,
  ]);
}

/**
 * What BuildKit says of the step that failed: the part behind its last `------`, or the last lines.
 */
function failureOf(output: string): string {
  const cut = output.indexOf('\n------\n');
  return tail(cut === -1 ? output : output.slice(cut + 1), 30);
}
