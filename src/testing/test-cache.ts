import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TestCacheConfig } from '../config/config.ts';
import { FILE_SYSTEM, type Clock } from '../machine/fs-clock.ts';
import { keep, recall } from '../machine/remembered-answer.ts';
import type { Session } from '../session.ts';
import { whyTestAgain, withPass } from './decide-test-cache.ts';
import type { ModuleReport } from './module-report.ts';
import type { TestInputs } from './test-inputs.ts';
import { TestSources } from './test-sources.ts';
import { testSurroundings, type Deployed } from './test-surroundings.ts';

/** The passes of each test file, by its path. */
type Memory = Record<string, TestInputs[]>;

const FORMAT = 1;

/** Which test files passed before just as everything is now. */
export class TestCache {
  /** Absolute paths. */
  readonly unchanged: string[];
  /** Those that passed once, and why they run again. */
  readonly due: { file: string; reason: string }[];
  readonly #path: string;
  readonly #root: string;
  readonly #surroundings: TestInputs['surroundings'];
  readonly #begun: Clock;

  private constructor(path: string, root: string, surroundings: TestInputs['surroundings'], begun: Clock) {
    this.#path = path;
    this.#root = root;
    this.#surroundings = surroundings;
    this.#begun = begun;
    const sources = new TestSources(root);
    const verdicts = Object.entries(this.#memory()).map(([file, passes]) => {
      return { file, reason: whyTestAgain(passes, surroundings, (name) => sources.digest(name)) };
    });
    this.unchanged = verdicts.flatMap(({ file, reason }) => (reason === undefined ? [file] : []));
    this.due = verdicts.flatMap(({ file, reason }) => (reason === undefined ? [] : [{ file, reason }]));
  }

  /**
   * Looks at everything that the tests rest on. Whatever changes from here on is not taken for what
   * they passed with.
   */
  static async open({ config, env }: Session, cache: TestCacheConfig, deployed: Deployed): Promise<TestCache> {
    const begun = FILE_SYSTEM.readClock(join(config.stateDirectory, `.clock-${process.pid}`));
    return new TestCache(
      join(config.stateDirectory, 'tests-passed.json'),
      config.root,
      await testSurroundings(config, cache, env, deployed),
      begun,
    );
  }

  /** Remembers what passed, and forgets what did not. */
  learn(reports: readonly ModuleReport[]): void {
    const sources = new TestSources(this.#root);
    const memory = this.#memory();
    for (const { file, passed, imports } of reports) {
      const names = sources.namesOf(file, imports);
      const isKnown = passed && names.every((name) => sources.isOlderThan(name, this.#begun));
      const files = () => Object.fromEntries(names.map((name) => [name, sources.digest(name)]));
      if (isKnown) memory[file] = withPass(memory[file] ?? [], { surroundings: this.#surroundings, files: files() });
      else if (!passed) delete memory[file];
    }
    keep(this.#path, FORMAT, memory);
  }

  #memory(): Memory {
    const memory = recall<Memory>(this.#path, FORMAT) ?? {};
    return Object.fromEntries(Object.entries(memory).filter(([file]) => existsSync(file)));
  }
}
