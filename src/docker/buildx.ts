import { diskFullOr } from '../machine/disk-full.ts';
import { printable, tail, tryRun } from '../machine/process.ts';
import { dockerClient } from './client.ts';

/** Milliseconds that a build may print nothing. One step of a compiler may take as long. */
const SILENCE = 3_600_000;

/** A secret in BuildKit's form: `id=npm,env=NPM_TOKEN`. */
export interface BuildSecret {
  /** What this build passes. */
  argument: string;
  /** The same for the user to pass, with the variable or file that the value comes from. */
  source: string;
}

/** The parameters of one build. */
export interface BuildRequest {
  context: string;
  /** The path of that context to show to the user. */
  contextSource: string;
  dockerfile: string;
  /** The path of that Dockerfile to show to the user. */
  source: string;
  reference: string;
  target?: string | undefined;
  buildArgs: Readonly<Record<string, string>>;
  /**
   * Build arguments whose values come from the environment. They are passed through the
   * environment, so that no list of processes shows them.
   */
  hiddenArgs: Readonly<Record<string, string>>;
  /** Empty for Docker's default platform. */
  platforms: readonly string[];
  secrets: readonly BuildSecret[];
  /** The network of each `RUN`; undefined for BuildKit's own. */
  network?: string | undefined;
  /** Entries for `/etc/hosts` of each `RUN` that the user wants, in the form `name:address`. */
  hosts: readonly string[];
  /** The same for entries that the harness adds: they are only part of the cache key. */
  extraHosts: readonly string[];
  /** The size of `/dev/shm` in each `RUN`. */
  shmSize?: string | undefined;
  /** Agents and keys, as `default` or `id=path`. */
  ssh: readonly string[];
  labels: Readonly<Record<string, string>>;
  /** Named contexts, which replace a reference in `FROM`. */
  contexts: Readonly<Record<string, string>>;
  /** Use no cache at all. */
  noCache: boolean;
  /** Where BuildKit writes what it used and built, if wanted. */
  metadataFile?: string | undefined;
  /** The environment of Docker's client. */
  env: NodeJS.ProcessEnv;
  signal?: AbortSignal | undefined;
  onLine?: ((line: string) => void) | undefined;
}

/**
 * Builds an image with BuildKit and stores it in the engine under its reference. There are no
 * attestations, because they give an unchanged build a new digest (moby#48391).
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
    ...(request.metadataFile === undefined ? [] : ['--metadata-file', request.metadataFile]),
    ...(request.platforms.length === 0 ? [] : ['--platform', request.platforms.join(',')]),
    ...flag('--build-arg', request.buildArgs),
    ...Object.keys(request.hiddenArgs).flatMap((name) => ['--build-arg', name]),
    ...request.secrets.flatMap(({ argument }) => ['--secret', argument]),
    ...stepArguments(request),
    ...request.extraHosts.flatMap((host) => ['--add-host', host]),
    ...flag('--label', request.labels),
    ...flag('--build-context', request.contexts),
    request.context,
  ];
  const result = await tryRun(argv, {
    code: 'BUILD',
    keepStdout: false,
    // Which sources BuildKit used, without the steps of the build.
    baseEnv: request.env,
    env: { BUILDX_METADATA_PROVENANCE: 'min', ...request.hiddenArgs },
    silence: SILENCE,
    signal: request.signal,
    onLine: request.onLine,
  });
  if (result.exitCode === 0) return;
  throw diskFullOr('BUILD', result.all, {
    message: `Could not build the image ${request.reference}.`,
    whenFull: `The disk is full: could not build the image ${request.reference}.`,
    detail: failureOf(result.all),
    next: `Correct ${request.source}. To run this build alone: ${terminalCommand(request)}`,
  });
}

/** How steps run, as the user wants it. */
function stepArguments({ network, hosts, shmSize, ssh }: BuildRequest): string[] {
  return [
    ...(network === undefined ? [] : ['--network', network]),
    ...hosts.flatMap((host) => ['--add-host', host]),
    ...(shmSize === undefined ? [] : ['--shm-size', shmSize]),
    ...ssh.flatMap((access) => ['--ssh', access]),
  ];
}

/**
 * The command for the same build in a terminal. Build arguments have no values there, because these
 * may be secret.
 */
function terminalCommand(request: BuildRequest): string {
  const { source, target, platforms, buildArgs, hiddenArgs, secrets, contexts, contextSource } = request;
  return printable([
    'docker',
    'buildx',
    'build',
    '--file',
    source,
    ...(target === undefined ? [] : ['--target', target]),
    ...(platforms.length === 0 ? [] : ['--platform', platforms.join(',')]),
    ...Object.keys({ ...buildArgs, ...hiddenArgs }).flatMap((name) => ['--build-arg', name]),
    ...secrets.flatMap(({ source: secret }) => ['--secret', secret]),
    ...stepArguments(request),
    ...Object.entries(contexts).flatMap(([name, value]) => [
      '--build-context',
      `${name}=${value.replace(/\/\/[^/@]*@/, '//…@')}`,
    ]),
    contextSource,
  ]);
}

/** BuildKit's report on the failed step: from its first `------` on, or the last lines. */
function failureOf(output: string): string {
  const cut = output.indexOf('\n------\n');
  return tail(cut === -1 ? output : output.slice(cut + 1), 30);
}
