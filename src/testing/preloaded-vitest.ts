import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { HarnessError } from '../core/error.ts';
import { tryRun, type RunOptions, type RunResult } from '../machine/process.ts';

/** What vitest is to do, once it may begin. */
export interface VitestOrder {
  args: string[];
  /** Added to its environment. */
  env: Record<string, string>;
}

/** A file of the harness's that runs in vitest's process: as source or compiled, as this is. */
export function fileForVitest(name: string): string {
  return fileURLToPath(new URL(`../vitest/${name}${extname(import.meta.url).replace('c', '')}`, import.meta.url));
}

/**
 * Vitest, started before it is known what it is to do: most of the time until it begins with the
 * tests is Node's loading of it, and that can be spent while something else is waited for.
 */
export class PreloadedVitest {
  readonly #root: string;
  readonly #options: Pick<RunOptions, 'env' | 'signal'>;
  readonly #order = new PassThrough();
  readonly #early: string[] = [];
  #onLine = (line: string): unknown => this.#early.push(line);
  #ended: Promise<RunResult> | undefined;

  /** @param root the directory whose vitest it is, and in which it runs */
  constructor(root: string, colour: boolean, signal?: AbortSignal) {
    this.#root = root;
    const env = colour ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' }; // read while it is loaded
    this.#options = { env, ...(signal === undefined ? {} : { signal }) };
  }

  /** Lets it be loaded, if it is not. @throws HarnessError TESTS when there is none */
  load(): Promise<RunResult> {
    this.#ended ??= tryRun([process.execPath, fileForVitest('preload'), findVitest(this.#root)], {
      ...this.#options,
      cwd: this.#root,
      code: 'TESTS',
      input: this.#order,
      onLine: (line) => this.#onLine(line),
    });
    this.#ended.catch(() => undefined); // whoever runs it hears of that
    return this.#ended;
  }

  /** Lets it run, once. @throws HarnessError TESTS, INTERRUPTED */
  run(order: VitestOrder, onLine: (line: string) => void): Promise<RunResult> {
    this.#early.forEach(onLine);
    this.#onLine = onLine;
    this.#order.end(JSON.stringify(order));
    return this.load();
  }

  /** Ends it if it was not run. */
  async end(): Promise<void> {
    this.#order.end();
    await this.#ended?.catch(() => undefined);
  }
}

function findVitest(root: string): string {
  try {
    const manifest = createRequire(join(root, 'package.json')).resolve('vitest/package.json');
    const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: string | { vitest: string } };
    return join(dirname(manifest), typeof bin === 'string' ? bin : bin.vitest);
  } catch (error) {
    throw new HarnessError('TESTS', `vitest is not installed in ${root}.`, {
      next: 'Install it (`npm install --save-dev vitest`), or set `tests.command` to the program that runs your tests.',
      cause: error,
    });
  }
}
