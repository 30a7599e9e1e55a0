import { dirname, relative } from 'node:path';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { errorForMachines } from '../core/reported-error.ts';
import { count } from '../core/words.ts';
import { planRound, type RoundPlan } from './decide-round.ts';
import { Changes } from './file-changes.ts';
import { Rounds, type Development } from './rounds.ts';

/**
 * Builds, loads, deploys and tests what is due, and again whenever something changes, until it is
 * ended. A round that fails is reported, and the next change begins another one.
 */
export async function develop(development: Development, first: Config): Promise<never> {
  for (let config = first; ;) config = await untilReconfigured(development, config);
}

/** The rounds with one configuration. @returns the next */
async function untilReconfigured(development: Development, config: Config): Promise<Config> {
  const { emit } = development;
  const say = (message: string) => emit({ type: 'note', level: 'info', message });
  // Watched before anything is looked at: what changes during a round belongs to the next.
  const changes = await Changes.below(watched(config), config.stateDirectory);
  try {
    const rounds = new Rounds(development, config);
    await rounds.notice([]);
    say(
      `watching ${config.project}: ${count(config.images.length, 'image')}, ${count(config.manifests.length, 'manifest')}`,
    );
    await rounds.run('everything');
    for (;;) {
      say('waiting for changes');
      const due = await nextDue(development, config, rounds, changes);
      if ('reconfigured' in due) {
        say('the configuration changed → everything');
        return due.reconfigured;
      }
      say(due.title);
      await rounds.run(due.work);
    }
  } finally {
    await changes.close();
  }
}

/**
 * Waits for changes that matter. What cannot be read, because it is just being written or is wrong,
 * is reported and waited for.
 */
async function nextDue(
  { emit, signal }: Development,
  config: Config,
  rounds: Rounds,
  changes: Changes,
): Promise<RoundPlan | { reconfigured: Config }> {
  for (;;) {
    const changed = await changes.take(signal);
    try {
      const reconfigured = await reread(config, changed.includes(config.file));
      if (reconfigured) return { reconfigured };
      const plan = planRound(await rounds.notice(changed), rounds.areReady);
      if (plan) return plan;
    } catch (error) {
      signal.throwIfAborted();
      emit({ type: 'round', ok: false, builds: [], loads: [], tests: null, ms: 0, error: errorForMachines(error) });
    }
  }
}

/** Where everything lies that a round may look at. */
function watched({ root, images }: Config): string[] {
  const elsewhere = images.flatMap(({ context, dockerfile, contexts, secrets }) => [
    context,
    dirname(dockerfile),
    ...Object.values(contexts).flatMap((named) => ('directory' in named ? [named.directory] : [])),
    ...Object.values(secrets).flatMap((secret) => ('file' in secret ? [secret.file] : [])),
  ]);
  return [root, ...elsewhere.filter((path) => relative(root, path).startsWith('..'))];
}

/**
 * The configuration if it says anything else now: its file may have changed, or a manifest have
 * come that its globs match.
 */
async function reread(config: Config, isWritten: boolean): Promise<Config | undefined> {
  const now = await loadConfig(config.root, config.file, { again: isWritten });
  return JSON.stringify(now) === JSON.stringify(config) ? undefined : now;
}
