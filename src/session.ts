import type { Config, ImageConfig, OtherImage } from './config/config.ts';
import { HarnessError } from './core/error.ts';
import type { Emit } from './core/event.ts';
import { Redactor } from './core/redactor.ts';
import type { BuildSummary, LoadSummary, TestSummary } from './core/summary.ts';
import { DockerEngine } from './docker/engine.ts';
import { SECRET_KEY } from './machine/secret-key.ts';
import { makeStateDirectory } from './machine/state-file.ts';

/**
 * What every stage of a run needs, and the results of the run. Modules that remember something for
 * a run use `oncePer` with the session as the key.
 */
export interface Session {
  config: Config;
  env: NodeJS.ProcessEnv;
  /** Receives events; the values of secrets are masked in them. */
  emit: Emit;
  redactor: Redactor;
  signal: AbortSignal;
  /** Seconds to wait for other runs on the cluster; 0: do not wait. Default: 15 minutes. */
  lockTimeout?: number | undefined;
  engine: DockerEngine;
  builds: BuildSummary[];
  loads: LoadSummary[];
  tests: TestSummary | null;
}

/** Opens a session. Does not connect to Docker yet. */
export function openSession(options: Pick<Session, 'config' | 'env' | 'emit' | 'signal' | 'lockTimeout'>): Session {
  // Before sources are read: a build context can contain the directory, and its creation would look
  // like a change.
  makeStateDirectory(options.config.stateDirectory);
  const { config, emit, signal } = options;
  const engine = DockerEngine.of(options.env, { signal });
  const env = engine.environment;
  const redactor = new Redactor(namesIn(config));
  valuesFrom(config, env).forEach((value) => redactor.learn(value));
  const masked: Emit = (event) => emit(redactor.redactAll(event));
  return {
    ...options,
    emit: masked,
    redactor,
    engine,
    env,
    builds: [],
    loads: [],
    tests: null,
  };
}

/** Names that are in all output. */
function namesIn({ project, namespace, cluster, images, others, services }: Config): string[] {
  return [project, namespace, cluster.name, ...[...images, ...others, ...services].map(({ name }) => name)];
}

/** The values that the configuration takes from the environment. */
function valuesFrom({ images, services, deploy }: Config, env: NodeJS.ProcessEnv): string[] {
  const sources = [
    ...images.flatMap(({ buildArgs, secrets }) => [...Object.values(buildArgs), ...Object.values(secrets)]),
    ...services.flatMap((service) => Object.values(service.env)),
    ...deploy.steps.flatMap((step) => (step.kind === 'helm' ? Object.values(step.set) : [])),
  ];
  const names = sources.flatMap((source) => (typeof source === 'object' && 'env' in source ? [source.env] : []));
  return [...names, SECRET_KEY].map((name) => env[name]).filter((value) => value !== undefined);
}

/**
 * The images with these names, or all images if there are no names.
 * @throws HarnessError USAGE for a name that is not configured
 */
export function selectImages(
  { images, others, file }: Config,
  names: readonly string[],
): { images: ImageConfig[]; others: OtherImage[] } {
  const known = [...images, ...others].map(({ name }) => name);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new HarnessError('USAGE', `No image is named ${quoted(unknown)}.`, {
      next: known.length === 0 ? `Add images to ${file}.` : `Configured images: ${known.join(', ')}.`,
    });
  }
  const isSelected = ({ name }: OtherImage) => names.length === 0 || names.includes(name);
  return { images: images.filter(isSelected), others: others.filter(isSelected) };
}

/**
 * The same for images that are built here.
 * @throws HarnessError USAGE also for the name of an image of others
 */
export function selectBuilds(config: Config, names: readonly string[]): ImageConfig[] {
  const { images, others } = selectImages(config, names);
  if (names.length > 0 && others.length > 0) {
    const found = quoted(others.map(({ name }) => name));
    throw new HarnessError('USAGE', `Not built here, but by others: ${found}.`, {
      next: 'To get it anew, pull it: `docker pull`.',
    });
  }
  return images;
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ');
}
