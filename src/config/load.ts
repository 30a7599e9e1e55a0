import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { HarnessError, messageOf } from '../core/error.ts';
import { applyProfile, chooseProfile } from '../profiles/apply-profile.ts';
import { withProfile, type Config } from './config.ts';
import type { HarnessConfig } from './define.ts';
import { topOfRepository } from './owner.ts';
import { resolveConfig } from './resolve.ts';
import { checkShape, type Problem } from './schema.ts';
import { refuseOthersFiles } from './trust.ts';

/** The names that a configuration may have, in the order in which the harness looks for them. */
export const CONFIG_NAMES = ['ts', 'mts', 'js', 'mjs', 'json', 'yaml', 'yml'].map(
  (ending) => `harness.config.${ending}`,
);

/** How a configuration is read. */
export interface LoadOptions {
  /** Whether this process may have read the file before it changed. */
  again?: boolean;
  /** The profile to use. */
  profile?: string | undefined;
  /** The profile to use if it is configured, when `profile` is not given. */
  preferredProfile?: string | undefined;
  /** Tells who called sudo, and where git's configuration is. */
  env?: NodeJS.ProcessEnv;
}

/**
 * Finds, reads and checks the configuration.
 * @param from the directory in which the search starts; it continues in the parents, up to the top of
 * the repository
 * @param explicit the file of `--config`; then there is no search
 * @throws HarnessError CONFIG with every problem and its place in the file, or because a file is
 * another user's
 */
export async function loadConfig(
  from: string,
  explicit?: string,
  { again = false, env = {}, ...wished }: LoadOptions = {},
): Promise<Config> {
  const file = explicit === undefined ? findConfig(from) : resolve(from, explicit);
  if (explicit === undefined) await refuseOthersFiles([file], env); // one that is named is trusted
  const raw = await readConfig(file, again);
  const shape = checkShape(raw);
  if (shape.problems.length > 0 || shape.config === undefined) throw problemsError(file, shape.problems);
  const profile = profileFor(shape.config, file, wished);
  const applied = applyProfile(shape.config, profile);
  const resolved = await resolveConfig(applied.config, file, dirname(file));
  const found = resolved.problems.map(({ path, message }) => ({ path: applied.placeOf(path), message }));
  const problems = [...found, ...applied.problems];
  if (problems.length > 0) throw problemsError(file, problems);
  const config = profile === undefined ? resolved.config : withProfile(resolved.config, profile, applied.images);
  await refuseOthersFiles([dirname(config.stateDirectory), config.stateDirectory], env);
  return config;
}

function profileFor(
  raw: HarnessConfig,
  file: string,
  { profile: wanted, preferredProfile: preferred }: Pick<LoadOptions, 'profile' | 'preferredProfile'>,
): string | undefined {
  const choice = chooseProfile(raw, { wanted, preferred });
  if ('name' in choice) return choice.name;
  throw new HarnessError('CONFIG', `The configuration ${file} has no profile \`${choice.unknown}\`.`, {
    next:
      choice.known.length === 0
        ? 'It has no profiles at all. Add `profiles`, or run without `--profile`.'
        : `Configured profiles: ${choice.known.join(', ')}.`,
  });
}

function findConfig(from: string): string {
  const top = topOfRepository(resolve(from));
  for (let directory = resolve(from); ; directory = dirname(directory)) {
    const name = CONFIG_NAMES.find((candidate) => existsSync(join(directory, candidate)));
    if (name !== undefined) return join(directory, name);
    if (directory === top || directory === dirname(directory)) {
      throw new HarnessError('CONFIG', `No harness configuration in ${from} or above it.`, {
        next: 'Write a harness.config.ts (or .js, .mjs, .json, .yaml), or name one with --config.',
      });
    }
  }
}

async function readConfig(file: string, again: boolean): Promise<unknown> {
  if (!existsSync(file)) {
    throw new HarnessError('CONFIG', `The configuration ${file} does not exist.`, {
      next: 'Check the path given with --config.',
    });
  }
  try {
    if (file.endsWith('.json')) return JSON.parse(readFileSync(file, 'utf8'));
    if (/\.ya?ml$/.test(file)) {
      const { parse } = await import('yaml'); // only when needed: start-up time counts
      return parse(readFileSync(file, 'utf8'));
    }
    const { importConfig } = await import('./import-config.ts');
    return await importConfig(file, again);
  } catch (error) {
    throw new HarnessError('CONFIG', `Cannot read the configuration ${file}: ${messageOf(error)}.`, {
      next: 'Correct the file and try again.',
      cause: error,
    });
  }
}

function problemsError(file: string, problems: Problem[]): HarnessError {
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
  return new HarnessError('CONFIG', `The configuration ${file} has ${count}.`, {
    detail: problems.map(({ path, message }) => `${path === '' ? '(the whole file)' : path}: ${message}`).join('\n'),
    next: 'Correct the file and try again.',
  });
}
