import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { settleImages, type ImageOutcome } from '../building/settle-images.ts';
import type { Config } from '../config/config.ts';
import type { Emit } from '../core/event.ts';
import { HarnessError } from '../core/error.ts';
import { errorForMachines } from '../core/reported-error.ts';
import { stopwatch } from '../core/stopwatch.ts';
import { whyNotCurrent } from '../run/current.ts';
import { prepare, type Prepared } from '../run/prepare.ts';
import { preloadedVitest, testPrepared } from '../run/tier.ts';
import { openSession, type Session } from '../session.ts';
import { testFilesAmong } from '../testing/files-concerned.ts';
import type { PreloadedVitest } from '../testing/preloaded-vitest.ts';
import type { ModuleReport } from '../testing/module-report.ts';
import type { ObservedChanges, RoundPlan } from './decide-round.ts';
import { unignored } from './git-ignored.ts';

/** How `harness dev` runs. */
export interface DevOptions {
  env: NodeJS.ProcessEnv;
  emit: Emit;
  /** Ends the loop. */
  signal: AbortSignal;
  /** Arguments for the test runner. */
  args: string[];
  /** Whether the test runner may use colours. */
  colour: boolean;
  /**
   * Runs `work` while no other harness process works on the cluster. It is handed the environment for
   * programs, which tells them that the lock is held.
   */
  alone: (work: (env: NodeJS.ProcessEnv) => Promise<void>) => Promise<void>;
}

/** The tier that decides how rounds build, load and test. */
const TIER = 'test-cached';

/**
 * The rounds of `harness dev` with one configuration, and what each needs to know about the last.
 */
export class Rounds {
  readonly #options: DevOptions;
  readonly #config: Config;
  /** The deployment of the last round, if it succeeded. */
  #prepared: Prepared | undefined;
  /** The last report on each test file. */
  readonly #modules = new Map<string, ModuleReport>();
  /**
   * The last digests of images and manifests. With the same digest, a failed build or deployment is
   * not tried again.
   */
  readonly #lastDigests = new Map<string, string>();

  constructor(options: DevOptions, config: Config) {
    this.#options = options;
    this.#config = config;
  }

  /** Whether the deployment of the last round succeeded. */
  get isDeployed(): boolean {
    return this.#prepared !== undefined;
  }

  /** Finds out what changed since the last call. @param changed absolute paths */
  async observe(changed: readonly string[]): Promise<ObservedChanges> {
    const settling = await settleImages(this.#open(), this.#config.images, { tier: TIER, lookOnly: true });
    const outcomes = await Promise.all(settling.values());
    const changedImages = outcomes.filter(({ image, seen }) =>
      this.#isNew(`image ${image.name}`, seen.observed.digest),
    );
    const deployed = await this.#deployedFiles();
    const otherFiles = changed.filter(
      (path) => !deployed.includes(path) && !outcomes.some((outcome) => isSource(outcome, path)),
    );
    return {
      images: changedImages.map(({ image, decision: { action, reason } }) => ({
        name: image.name,
        mustBuild: action !== 'skip',
        reason,
      })),
      manifests: this.#isNew('manifests', filesDigest(deployed)),
      tests: (await this.#testFiles(otherFiles)).map((path) => relative(this.#config.root, path)).sort(),
    };
  }

  /** The manifests, and the files of the steps. */
  async #deployedFiles(): Promise<string[]> {
    const { manifests, deploy, root } = this.#config;
    if (deploy.steps.length === 0) return manifests;
    const { filesOfSteps } = await import('../rendering/step-inputs.ts');
    return [...manifests, ...(await filesOfSteps(deploy.steps, root))];
  }

  /** Runs one round and reports its end. @throws only after an interruption */
  async run(work: RoundPlan['work']): Promise<void> {
    const { emit, signal, alone, args, colour } = this.#options;
    const session = this.#open();
    const ms = stopwatch();
    let vitest: PreloadedVitest | undefined;
    let failure: unknown;
    try {
      await alone(async (env) => {
        session.env = env;
        vitest = preloadedVitest(session, colour);
        const deployed = work === 'tests' ? await this.#stillDeployed(session) : undefined;
        this.#prepared = undefined;
        const prepared = deployed ?? (await prepare(session, TIER, () => void vitest?.load()));
        this.#prepared = prepared;
        const options = { args, colour, keepNamespaces: false, testCache: 'on', vitest } as const;
        const { modules = [] } = await testPrepared(session, TIER, prepared, options).catch((error: unknown) => {
          if (error instanceof HarnessError && error.code === 'NOT_CURRENT') this.#prepared = undefined;
          throw error;
        });
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

  /** The deployment of the last round; undefined if another run or program has replaced it. */
  async #stillDeployed(session: Session): Promise<Prepared | undefined> {
    if (!this.#prepared) return undefined;
    const differences = await whyNotCurrent(session, this.#prepared);
    if (differences.length === 0) return this.#prepared;
    const message = `deploying again: ${differences.join('; ')}`;
    this.#options.emit({ type: 'note', level: 'info', message });
    return undefined;
  }

  /** A new session each time, because a session remembers what it read. */
  #open(): Session {
    const { env, emit, signal } = this.#options;
    return openSession({ config: this.#config, env, emit, signal });
  }

  #isNew(name: string, digest: string): boolean {
    const last = this.#lastDigests.get(name);
    this.#lastDigests.set(name, digest);
    return last !== digest;
  }

  /**
   * The changed files that tests depend on: all that git does not ignore, unless it is known which
   * files the tests import.
   */
  async #testFiles(changed: readonly string[]): Promise<string[]> {
    const candidates = await unignored(changed, this.#config.root);
    return this.#modules.size === 0 ? candidates : testFilesAmong(candidates, [...this.#modules.values()]);
  }
}

/** Whether a file is an input of an image. */
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
