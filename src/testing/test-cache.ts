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

/** Finds the test files that passed before with everything as it is now. */
export class TestCache {
  /** Absolute paths. */
  readonly unchanged: string[];
  /** Test files that passed before but must run again, with the reason. */
  readonly due: { file: string; reason: string }[];
  readonly #path: string;
  readonly #root: string;
  readonly #surroundings: TestInputs['surroundings'];
  readonly #startedAt: Clock;

  private constructor(path: string, root: string, surroundings: TestInputs['surroundings'], startedAt: Clock) {
    this.#path = path;
    this.#root = root;
    this.#surroundings = surroundings;
    this.#startedAt = startedAt;
    const sources = new TestSources(root);
    const verdicts = Object.entries(this.#memory()).map(([file, passes]) => {
      return { file, reason: whyTestAgain(passes, surroundings, (name) => sources.digest(name)) };
    });
    this.unchanged = verdicts.flatMap(({ file, reason }) => (reason === undefined ? [file] : []));
    this.due = verdicts.flatMap(({ file, reason }) => (reason === undefined ? [] : [{ file, reason }]));
  }

  /**
   * Reads everything that the test results depend on. Changes from now on do not count as what the
   * tests passed with.
   */
  static async open({ config, env }: Session, cache: TestCacheConfig, deployed: Deployed): Promise<TestCache> {
    const startedAt = FILE_SYSTEM.readClock(join(config.stateDirectory, `.clock-${process.pid}`));
    return new TestCache(
      join(config.stateDirectory, 'tests-passed.json'),
      config.root,
      await testSurroundings(config, cache, env, deployed),
      startedAt,
    );
  }

  /** Remembers the test files that passed, and forgets those that did not. */
  learn(reports: readonly ModuleReport[]): void {
    const sources = new TestSources(this.#root);
    const memory = this.#memory();
    for (const report of reports) {
      const { file, passed } = report;
      const names = sources.namesOf(report);
      const isCertain = passed && names.every((name) => sources.isOlderThan(name, this.#startedAt));
      const files = () => Object.fromEntries(names.map((name) => [name, sources.digest(name)]));
      if (isCertain) memory[file] = withPass(memory[file] ?? [], { surroundings: this.#surroundings, files: files() });
      else if (!passed) delete memory[file];
    }
    keep(this.#path, FORMAT, memory);
  }

  #memory(): Memory {
    const memory = recall<Memory>(this.#path, FORMAT) ?? {};
    return Object.fromEntries(Object.entries(memory).filter(([file]) => existsSync(file)));
  }
}
