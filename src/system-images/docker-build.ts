import { RECIPE_LABEL } from '../core/labels.ts';
import { dockerClient } from '../docker/client.ts';
import { run } from '../machine/process.ts';
import { OTHER_WAYS } from './failure.ts';
import { nodeImageDirectory } from './recipe.ts';
import { versions } from './versions.ts';

export interface DockerBuildOptions {
  /** The Debian image that nodes are built on. */
  debian: string;
  /** The Dockerfile's stage: `packages` needs no programs, `node` is the complete image. */
  stage: 'packages' | 'node';
  /** The directory with the compiled programs. */
  programs?: string;
  /** The image's name; without one, the build only fills BuildKit's cache. */
  reference?: string;
  /** The recipe's digest, for the label. */
  digest: string;
  noCache?: boolean;
  env: NodeJS.ProcessEnv;
  progress: (detail: string) => void;
  signal?: AbortSignal | undefined;
}

/** The command that builds a stage of harness/node-image/Dockerfile. */
export function dockerBuildCommand(
  docker: string,
  options: Omit<DockerBuildOptions, 'env' | 'progress' | 'signal'>,
): [string, ...string[]] {
  const buildArgs = {
    DEBIAN: options.debian,
    PROGRAM_SUITE: versions.programSuite,
    KUBERNETES_VERSION: versions.kubernetes,
    ETCD_TAG: versions.images.etcd,
    COREDNS_TAG: versions.images.coredns,
    PAUSE_TAG: versions.images.pause,
    STORAGE_TAG: versions.localPathProvisioner,
  };
  // `docker build`, not `docker buildx build`, because it always uses the engine's own BuildKit,
  // which is the only one that sees local images.
  return [
    ...([docker, 'build', '--progress=plain', '--provenance=false', `--target=${options.stage}`] as const),
    ...Object.entries(buildArgs).map(([name, value]) => `--build-arg=${name}=${value}`),
    ...(options.programs ? [`--build-context=programs=${options.programs}`] : []),
    ...(options.reference
      ? [`--tag=${options.reference}`, `--label=${RECIPE_LABEL}=${options.digest}`]
      : ['--output=type=cacheonly']),
    ...(options.noCache ? ['--no-cache'] : []),
    nodeImageDirectory,
  ];
}

/** How long BuildKit may print nothing, milliseconds. Its longest steps show their output. */
const SILENCE = 600_000;

/**
 * Builds a stage with BuildKit. Parts that an interrupted build finished are not built again.
 * @throws HarnessError NODE_IMAGE with the build's last lines, INTERRUPTED.
 */
export async function dockerBuild(options: DockerBuildOptions): Promise<void> {
  await run(dockerBuildCommand(await dockerClient(options.env), options), {
    baseEnv: options.env,
    env: { DOCKER_BUILDKIT: '1' },
    code: 'NODE_IMAGE',
    keepStdout: false,
    silence: SILENCE,
    next: `The build needs Docker's buildx plugin and a Debian mirror that containers can reach. ${OTHER_WAYS}`,
    onLine: (line) => {
      const detail = buildStep(line);
      if (detail) options.progress(detail);
    },
    signal: options.signal,
  });
}

/** The current step, from a line of BuildKit's plain progress; undefined if it names none. */
export function buildStep(line: string): string | undefined {
  const started = /^#\d+ \[(?<step>[^\]]+ \d+\/\d+)\] (?<command>\S+)/.exec(line)?.groups;
  if (started) return `${started['step']} ${started['command']}`;
  const installing = /^#\d+ [\d.]+ (?<action>Unpacking|Setting up) (?<package>[\w.+-]+)/.exec(line)?.groups;
  if (installing) return `${installing['action']?.toLowerCase()} ${installing['package']}`;
  return /^#\d+ exporting layers/.test(line) ? 'exporting layers' : undefined;
}
