import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { HarnessError } from '../core/error.ts';
import { tryRun, type RunOptions, type RunResult } from '../machine/process.ts';

/** What a preloaded vitest runs. */
export interface VitestOrder {
  args: string[];
  /** Added to vitest's environment. */
  env: Record<string, string>;
}

/** The path of a file of src/vitest: the source or the compiled file, whichever this one is. */
export function fileForVitest(name: string): string {
  return fileURLToPath(new URL(`../vitest/${name}${extname(import.meta.url).replace('c', '')}`, import.meta.url));
}

/**
 * Starts vitest before its arguments are known. Loading vitest takes most of the time until the
 * first test starts, and can happen while the run waits for something else.
 */
export class PreloadedVitest {
  readonly #root: string;
  readonly #options: Pick<RunOptions, 'env' | 'baseEnv' | 'signal'>;
  readonly #order = new PassThrough();
  readonly #earlyLines: string[] = [];
  #onLine = (line: string): unknown => this.#earlyLines.push(line);
  #result: Promise<RunResult> | undefined;

  /** @param root the directory in which vitest is installed, and in which it runs */
  constructor(root: string, colour: boolean, signal?: AbortSignal, baseEnv?: NodeJS.ProcessEnv) {
    this.#root = root;
    const env = colour ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' }; // vitest reads these while it loads
    this.#options = { env, baseEnv, signal };
  }

  /** Loads vitest, once. @throws HarnessError TESTS when it is not installed */
  load(): Promise<RunResult> {
    this.#result ??= tryRun([process.execPath, fileForVitest('preload'), findVitest(this.#root)], {
      ...this.#options,
      cwd: this.#root,
      code: 'TESTS',
      keepStdout: false,
      input: this.#order,
      onLine: (line) => this.#onLine(line),
    });
    this.#result.catch(() => undefined); // `run` reports the error
    return this.#result;
  }

  /** Runs vitest; can be called once. @throws HarnessError TESTS, INTERRUPTED */
  run(order: VitestOrder, onLine: (line: string) => void): Promise<RunResult> {
    this.#earlyLines.forEach(onLine);
    this.#onLine = onLine;
    this.#order.end(JSON.stringify(order));
    return this.load();
  }

  /** Ends vitest if it was not run. */
  async end(): Promise<void> {
    this.#order.end();
    await this.#result?.catch(() => undefined);
  }
}

function findVitest(root: string): string {
  try {
    const manifest = createRequire(join(root, 'package.json')).resolve('vitest/package.json');
    const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: string | { vitest: string } };
    return join(dirname(manifest), typeof bin === 'string' ? bin : bin.vitest);
  } catch (error) {
    throw new HarnessError('TESTS', `vitest is not installed in ${root}.`, {
      next: 'Run `npm install --save-dev vitest`, or set `tests.command` to the program that runs your tests.',
      cause: error,
    });
  }
}
