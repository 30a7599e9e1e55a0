import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { settleImages, type ImageOutcome } from '../building/settle-images.ts';
import type { Config } from '../config/config.ts';
import type { Emit } from '../core/event.ts';
import { errorForMachines } from '../core/reported-error.ts';
import { stopwatch } from '../core/stopwatch.ts';
import { prepare, type Prepared } from '../run/prepare.ts';
import { preloadedVitest, testPrepared } from '../run/tier.ts';
import { openSession, type Session } from '../session.ts';
import { testFilesAmong } from '../testing/files-concerned.ts';
import type { ModuleReport } from '../testing/module-report.ts';
import type { Noticed, RoundPlan } from './decide-round.ts';
import { unignored } from './git-ignored.ts';

/** What the loop is given. */
export interface Development {
  env: NodeJS.ProcessEnv;
  emit: Emit;
  /** Ends the loop. */
  signal: AbortSignal;
  /** Arguments for the test runner. */
  args: string[];
  /** Whether its output may be coloured. */
  colour: boolean;
  /** Does something while no other harness process works on the cluster. */
  alone: (work: () => Promise<void>) => Promise<void>;
}

/** The tier whose ways the rounds follow. */
const TIER = 'test-cached';

/** The rounds of `harness dev` with one configuration, and what they leave to the next. */
export class Rounds {
  readonly #development: Development;
  readonly #config: Config;
  /** What stands, if the last round got that far. */
  #prepared: Prepared | undefined;
  /** What each test file was made of when it last ran. */
  readonly #modules = new Map<string, ModuleReport>();
  /**
   * What images and manifests were when they were last looked at: what failed then need not fail
   * again.
   */
  readonly #seen = new Map<string, string>();

  constructor(development: Development, config: Config) {
    this.#development = development;
    this.#config = config;
  }

  get areReady(): boolean {
    return this.#prepared !== undefined;
  }

  /** Looks at what has changed since it last did. @param changed absolute paths */
  async notice(changed: readonly string[]): Promise<Noticed> {
    const outcomes = await Promise.all(
      settleImages(this.#open(), this.#config.images, { tier: TIER, lookOnly: true }).values(),
    );
    const others = outcomes.filter(({ image, seen }) => this.#isNew(`image ${image.name}`, seen.observed.digest));
    const rest = changed.filter(
      (path) => !this.#config.manifests.includes(path) && !outcomes.some((outcome) => isSource(outcome, path)),
    );
    return {
      images: others.map(({ image, decision: { action, reason } }) => ({
        name: image.name,
        due: action !== 'skip',
        reason,
      })),
      manifests: this.#isNew('manifests', filesDigest(this.#config.manifests)),
      tests: (await this.#testFiles(rest)).map((path) => relative(this.#config.root, path)).sort(),
    };
  }

  /** One round. Its end is reported; only an interruption is an error. */
  async run(work: RoundPlan['work']): Promise<void> {
    const { emit, signal, alone, args, colour } = this.#development;
    const session = this.#open();
    const ms = stopwatch();
    const vitest = preloadedVitest(session, colour);
    let failure: unknown;
    try {
      await alone(async () => {
        const standing = work === 'tests' ? this.#prepared : undefined;
        this.#prepared = undefined;
        const prepared = standing ?? (await prepare(session, TIER, () => void vitest?.load()));
        this.#prepared = prepared;
        const options = { args, colour, keepNamespaces: false, testCache: 'on', vitest } as const;
        const { modules = [] } = await testPrepared(session, TIER, prepared, options);
        for (const module of modules) this.#modules.set(module.file, module);
      });
    } catch (error) {
      if (signal.aborted) throw error;
      failure = error;
    } finally {
      await vitest?.end();
    }
    const { builds, loads, tests } = session;
    const ok = failure === undefined && tests?.failed === 0;
    emit({
      type: 'round',
      ok,
      builds,
      loads,
      tests,
      ms: ms(),
      ...(failure === undefined ? {} : { error: errorForMachines(failure) }),
    });
  }

  /** A new one each time, for a session keeps in mind what it saw. */
  #open(): Session {
    const { env, emit, signal } = this.#development;
    return openSession({ config: this.#config, env, emit, signal });
  }

  #isNew(what: string, digest: string): boolean {
    const before = this.#seen.get(what);
    this.#seen.set(what, digest);
    return before !== digest;
  }

  /**
   * Where it is not known what tests are made of, they may be made of anything that is kept in git.
   */
  async #testFiles(changed: readonly string[]): Promise<string[]> {
    const kept = await unignored(changed, this.#config.root);
    return this.#modules.size === 0 ? kept : testFilesAmong(kept, [...this.#modules.values()]);
  }
}

/** Whether a file is part of an image. */
function isSource({ image, seen }: ImageOutcome, path: string): boolean {
  const directories = { ...image.contexts, context: { directory: image.context } };
  return (
    path === image.dockerfile ||
    Object.entries(directories).some(
      ([name, named]) =>
        'directory' in named && seen.observed.trees[name]?.files.entries().has(relative(named.directory, path)),
    )
  );
}

function filesDigest(files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}
