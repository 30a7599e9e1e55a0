import { dirname, relative } from 'node:path';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { errorForMachines } from '../core/reported-error.ts';
import { count } from '../core/words.ts';
import { planRound, type RoundPlan } from './decide-round.ts';
import { Changes } from './file-changes.ts';
import { Rounds, type DevOptions } from './rounds.ts';

/**
 * Builds, loads, deploys and tests, and repeats what is necessary whenever something changes, until
 * the signal ends it. A round that fails is reported, and the next change starts another one.
 */
export async function develop(options: DevOptions, first: Config): Promise<never> {
  for (let config = first; ;) config = await untilReconfigured(options, config);
}

/** Runs rounds until the configuration changes. @returns the new configuration */
async function untilReconfigured(options: DevOptions, config: Config): Promise<Config> {
  const { emit } = options;
  const note = (message: string) => emit({ type: 'note', level: 'info', message });
  // Watching starts before anything is read: changes during a round are for the next round.
  const changes = await Changes.below(watchedPaths(config), config.stateDirectory, note);
  try {
    const rounds = new Rounds(options, config);
    await rounds.observe([]);
    note(
      `watching ${config.project}: ${count(config.images.length, 'image')}, ${count(config.manifests.length, 'manifest')}`,
    );
    await rounds.run('everything');
    for (;;) {
      note('waiting for changes');
      const next = await nextRound(options, config, rounds, changes);
      if ('newConfig' in next) {
        note('configuration changed → everything');
        return next.newConfig;
      }
      note(next.title);
      await rounds.run(next.work);
    }
  } finally {
    await changes.close();
  }
}

/**
 * Waits for changes that require a round. An invalid file is reported as a failed round: it may be
 * incomplete because it is being written.
 */
async function nextRound(
  { env, emit, signal }: DevOptions,
  config: Config,
  rounds: Rounds,
  changes: Changes,
): Promise<RoundPlan | { newConfig: Config }> {
  for (;;) {
    const changed = await changes.take(signal);
    try {
      const newConfig = await changedConfig(env, config, changes.isBlind || changed.includes(config.file));
      if (newConfig) return { newConfig };
      const plan = planRound(await rounds.observe(changed), rounds.isDeployed);
      if (plan) return plan;
    } catch (error) {
      signal.throwIfAborted();
      emit({ type: 'round', ok: false, builds: [], loads: [], tests: null, ms: 0, error: errorForMachines(error) });
    }
  }
}

/** The directories and files that a round can read. */
function watchedPaths({ root, images }: Config): string[] {
  const imagePaths = images.flatMap(({ context, dockerfile, contexts, secrets }) => [
    context,
    dirname(dockerfile),
    ...Object.values(contexts).flatMap((named) => ('directory' in named ? [named.directory] : [])),
    ...Object.values(secrets).flatMap((secret) => ('file' in secret ? [secret.file] : [])),
  ]);
  return [root, ...imagePaths.filter((path) => relative(root, path).startsWith('..'))];
}

/**
 * The new configuration; undefined if it is the same. It also changes when a new manifest matches
 * its globs.
 */
async function changedConfig(
  env: NodeJS.ProcessEnv,
  config: Config,
  isFileChanged: boolean,
): Promise<Config | undefined> {
  const newConfig = await loadConfig(config.root, config.file, { again: isFileChanged, env, profile: config.profile });
  return JSON.stringify(newConfig) === JSON.stringify(config) ? undefined : newConfig;
}
