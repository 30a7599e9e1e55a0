import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decideFreshness } from '../../src/freshness/decide-freshness.ts';
import { compareInputs, type Inputs } from '../../src/freshness/inputs.ts';
import { SourceReader } from '../../src/freshness/read-inputs.ts';
import { FILE_SYSTEM } from '../../src/machine/fs-clock.ts';
import { IgnoreRules, type IgnoreMatch } from '../../src/patterns/dockerignore.ts';
import { imageIn } from '../support/image-config.ts';

/*
 * The worst error is an image that is reported fresh and is not. This test plays random sequences
 * of everything that can happen to a source tree and to the index, on a real file system. At each
 * step it compares the harness's verdict with an oracle that uses no index and no hashes: it reads
 * everything again and compares the full text.
 */

/** The total number of steps. */
const STEPS = Number(process.env['HARNESS_PROPERTY_STEPS'] ?? 6_000);
const LONGEST = 40;

/**
 * The tick of the file system, with a margin. It is shorter than in production, so that the index
 * becomes trusted within a sequence.
 */
const RACY_MS = 12;

const PATHS = ['a', 'b', 'd', 'd/a', 'd/b', 'd/e', 'd/e/a', 'x.txt', 'ünï x', 'e/f/g'];
const CONTENTS = ['x', 'y', 'xy', 'yx', ''];
const IGNORES = ['', '*\n!d/e/a', 'd\n!d/e', '*\n!**/a\n', 'x.*\n.dockerignore', undefined];
const DOCKERFILES = ['FROM scratch\n', 'FROM scratch\nCOPY . /\n', 'FROM scratch AS x\n'];
const WHEN = { longAgo: 1_000, recently: 1_600_000_000, future: 4_000_000_000 };

const path = fc.constantFrom(...PATHS);
const content = fc.constantFrom(...CONTENTS);
const when = fc.constantFrom('longAgo' as const, 'recently' as const, 'future' as const, 'now' as const);

const OPERATION = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('write' as const), path, content }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('write and set the time back' as const), path, content }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('restore an older file' as const), path, content }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), path }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('rename' as const), path, to: path }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('exchange' as const), path, to: path }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('hard link' as const), path, to: path }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('set time' as const), path, when }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('take the time of' as const), path, to: path }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('chmod' as const), path, mode: fc.constantFrom(0o600, 0o755, 0o4711) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('link' as const),
      path,
      target: fc.constantFrom('a', 'b', 'd', '/none', 'x "a"\nfile'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('directory' as const), path }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('checkout' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('move the clone' as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('ignore file' as const), text: fc.constantFrom(...IGNORES) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("Dockerfile's ignore file" as const), text: fc.constantFrom(...IGNORES) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('Dockerfile' as const), text: fc.constantFrom(...DOCKERFILES) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('build argument' as const), value: fc.constantFrom('1', '2', undefined) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('target' as const), value: fc.constantFrom('x', undefined) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('base' as const), id: fc.constantFrom('sha256:1', 'sha256:2') }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('environment' as const),
      name: fc.constantFrom('HIDDEN', 'TOKEN', 'SOURCE_DATE_EPOCH', 'DOCKER_DEFAULT_PLATFORM'),
      value: fc.constantFrom('1', '2'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('sources' as const),
      value: fc.constantFrom<(string[] | undefined)[]>(undefined, ['d'], ['a', 'd/e']),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('named context' as const), path: fc.constantFrom(undefined, 'd', 'e') }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose the index' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('damage the index' as const),
      at: fc.nat(4_000),
      byte: fc.nat(255),
      cut: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('keep a copy of the index' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('bring the copy back' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('build' as const) }) },
);
type Operation = typeof OPERATION extends fc.Arbitrary<infer T> ? T : never;

/** One step: an operation, after which the harness checks the tree or does not. */
const STEP = fc.tuple(OPERATION, fc.constantFrom('look', 'look', 'do not look'));

const BASE_REFERENCE = 'debian:bookworm-slim';
let moves = 0;

/** A source tree, what its image was built from, and every digest seen so far. */
class World {
  readonly #top = fs.mkdtempSync(join(tmpdir(), 'freshness-'));
  #root = join(this.#top, 'clone');
  #buildArgument: string | undefined;
  #target: string | undefined;
  #base = 'sha256:1';
  #sources: string[] | undefined;
  #named: string | undefined;
  #env: Record<string, string | undefined> = { HIDDEN: '1', TOKEN: '1' };
  #built: { truth: string; digest: string; inputs: Inputs } | undefined;
  readonly #digests = new Map<string, string>();
  readonly #truths = new Map<string, string>();

  constructor() {
    fs.mkdirSync(this.#root);
    fs.writeFileSync(join(this.#root, 'Dockerfile'), 'FROM scratch\n');
    this.#write('a', 'x');
    this.#write('d/e/a', 'x');
  }

  [Symbol.dispose](): void {
    fs.rmSync(this.#top, { recursive: true, force: true });
  }

  async play(operation: Operation): Promise<void> {
    switch (operation.do) {
      case 'write':
        return this.#write(operation.path, operation.content);
      case 'write and set the time back': {
        const before = lstat(this.#at(operation.path));
        this.#write(operation.path, operation.content);
        if (before) fs.utimesSync(this.#at(operation.path), before.atimeMs / 1000, before.mtimeMs / 1000);
        return;
      }
      case 'restore an older file':
        this.#write(operation.path, operation.content);
        return fs.utimesSync(this.#at(operation.path), WHEN.longAgo, WHEN.longAgo);
      case 'remove':
        return this.#remove(operation.path);
      case 'rename':
        return this.#rename(operation.path, operation.to);
      case 'exchange': {
        const [one, other] = [this.#at(operation.path), this.#at(operation.to)];
        if (!fs.existsSync(one) || !fs.existsSync(other) || isWithin(one, other) || isWithin(other, one)) return;
        fs.renameSync(one, join(this.#top, 'aside'));
        fs.renameSync(other, one);
        return fs.renameSync(join(this.#top, 'aside'), other);
      }
      case 'hard link':
        if (!this.#isFile(operation.path) || operation.path === operation.to) return;
        fs.linkSync(this.#at(operation.path), join(this.#top, 'aside'));
        this.#makeRoom(operation.to);
        return fs.renameSync(join(this.#top, 'aside'), this.#at(operation.to));
      case 'set time': {
        const time = operation.when === 'now' ? Date.now() / 1000 : WHEN[operation.when];
        if (fs.existsSync(this.#at(operation.path))) fs.utimesSync(this.#at(operation.path), time, time);
        return;
      }
      case 'take the time of': {
        const other = lstat(this.#at(operation.to));
        if (other && fs.existsSync(this.#at(operation.path)))
          fs.utimesSync(this.#at(operation.path), other.atime, other.mtime);
        return;
      }
      case 'chmod':
        if (fs.existsSync(this.#at(operation.path))) fs.chmodSync(this.#at(operation.path), operation.mode);
        return;
      case 'link':
        this.#makeRoom(operation.path);
        return fs.symlinkSync(operation.target, this.#at(operation.path));
      case 'directory':
        this.#makeRoom(operation.path);
        return fs.mkdirSync(this.#at(operation.path));
      case 'checkout':
        for (const one of PATHS) if (fs.existsSync(this.#at(one))) fs.utimesSync(this.#at(one), new Date(), new Date());
        return;
      case 'move the clone': {
        const to = join(this.#top, `clone ${moves++ % 2}`);
        if (to === this.#root) return;
        fs.renameSync(this.#root, to);
        this.#root = to;
        return;
      }
      case 'ignore file':
        return this.#replace('.dockerignore', operation.text);
      case "Dockerfile's ignore file":
        return this.#replace('Dockerfile.dockerignore', operation.text);
      case 'Dockerfile':
        return this.#replace('Dockerfile', operation.text);
      case 'build argument':
        this.#buildArgument = operation.value;
        return;
      case 'target':
        this.#target = operation.value;
        return;
      case 'base':
        this.#base = operation.id;
        return;
      case 'lose the index':
        return fs.rmSync(this.#indexes, { recursive: true, force: true });
      case 'damage the index':
        for (const name of this.#indexFiles()) {
          const bytes = fs.readFileSync(join(this.#indexes, name));
          const at = operation.at % (bytes.length + 1);
          if (at < bytes.length) bytes[at] = operation.byte;
          fs.writeFileSync(join(this.#indexes, name), operation.cut ? bytes.subarray(0, at) : bytes);
        }
        return;
      case 'keep a copy of the index':
        for (const name of this.#indexFiles())
          fs.copyFileSync(join(this.#indexes, name), join(this.#top, `kept ${name}`));
        return;
      case 'bring the copy back':
        for (const name of this.#indexFiles()) {
          if (fs.existsSync(join(this.#top, `kept ${name}`)))
            fs.copyFileSync(join(this.#top, `kept ${name}`), join(this.#indexes, name));
        }
        return;
      case 'wait':
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RACY_MS + 2);
        return;
      case 'build': {
        const { digest, inputs } = await this.#read();
        Object.values(inputs.trees).forEach((files) => files.entries()); // as a build does to record them
        this.#built = { truth: this.#truth(), digest, inputs };
        return;
      }
      case 'environment':
        this.#env = { ...this.#env, [operation.name]: operation.value };
        return;
      case 'sources':
        this.#sources = operation.value;
        return;
      case 'named context':
        this.#named = operation.path;
    }
  }

  /** Compares the harness's verdict with the oracle's. */
  async look(): Promise<void> {
    const truth = this.#truth();
    const { digest, inputs, context, counts } = await this.#read();
    const built = this.#built;
    // The same content always has the same digest, and other content another one.
    expect(this.#digests.get(truth) ?? digest, 'the same inputs, another digest').toBe(digest);
    expect(this.#truths.get(digest) ?? truth, 'the same digest, other inputs').toBe(truth);
    this.#digests.set(truth, digest);
    this.#truths.set(digest, truth);
    const { verdict } = decideFreshness({
      exists: built !== undefined,
      builtFrom: built?.digest,
      origin: 'own',
      now: Date.now(),
      digest,
      files: inputs.trees['context']?.count ?? 0,
      changesSince: (from) => (built?.digest === from ? compareInputs(built.inputs, inputs) : undefined),
      uncounted: [],
      pendingBases: [],
      newerFiles: context.newerThan(Date.now(), counts).length,
    });
    expect(verdict).toBe(this.#built === undefined ? 'missing' : this.#built.truth === truth ? 'fresh' : 'stale');
  }

  /** Reads as a new process would: it knows only what is on disk. */
  #read() {
    const named = this.#named !== undefined && lstat(this.#at(this.#named))?.isDirectory();
    const image = imageIn(this.#root, {
      ...(this.#target === undefined ? {} : { target: this.#target }),
      ...(this.#sources === undefined ? {} : { sources: this.#sources }),
      buildArgs: {
        ...(this.#buildArgument === undefined ? {} : { VERSION: this.#buildArgument }),
        HIDDEN: { env: 'HIDDEN' },
      },
      secrets: { token: { env: 'TOKEN' } },
      contexts: named ? { named: { directory: this.#at(this.#named ?? '') } } : {},
    });
    const sources = new SourceReader({
      stateDirectory: join(this.#root, '.harness'),
      platform: () => Promise.resolve('linux/amd64'),
      env: { HARNESS_SECRET_KEY: 'key', ...this.#env },
      fileSystem: { ...FILE_SYSTEM, racy: RACY_MS },
    });
    return sources.read(image, { [BASE_REFERENCE]: this.#base });
  }

  /** All inputs as text, read without the index. */
  #truth(): string {
    const text = (name: string) => {
      const full = join(this.#root, name);
      return fs.existsSync(full) ? fs.readFileSync(full, 'latin1') : null;
    };
    const ignore = text('Dockerfile.dockerignore') ?? text('.dockerignore');
    const named =
      this.#named !== undefined && lstat(this.#at(this.#named))?.isDirectory() ? this.#at(this.#named) : undefined;
    const files = filesIn(this.#root, `${ignore ?? ''}\n.harness`);
    const counted = this.#sources === undefined ? files : files.filter(([one]) => isSource(one, this.#sources ?? []));
    return JSON.stringify([
      [text('Dockerfile'), ignore, this.#buildArgument, this.#target, this.#base, counted],
      [Object.entries(this.#env).sort(), named === undefined ? null : filesIn(named, '')],
    ]);
  }

  get #indexes(): string {
    return join(this.#root, '.harness', 'index');
  }

  #indexFiles(): string[] {
    return fs.existsSync(this.#indexes) ? fs.readdirSync(this.#indexes) : [];
  }

  #at(one: string): string {
    return join(this.#root, one);
  }

  #isFile(one: string): boolean {
    return lstat(this.#at(one))?.isFile() ?? false;
  }

  #write(one: string, text: string): void {
    if (!this.#isFile(one)) this.#makeRoom(one);
    fs.writeFileSync(this.#at(one), text); // an existing file keeps its inode
  }

  #remove(one: string): void {
    if (lstat(this.#at(one))) fs.rmSync(this.#at(one), { recursive: true });
  }

  #rename(one: string, to: string): void {
    const [from, target] = [this.#at(one), this.#at(to)];
    if (!lstat(from) || isWithin(from, target) || isWithin(target, from)) return;
    this.#makeRoom(to);
    if (lstat(from)) fs.renameSync(from, target);
  }

  /** Removes whatever is at a path, or in place of its parent directories. */
  #makeRoom(one: string): void {
    const parent = dirname(one);
    if (parent !== '.' && !lstat(this.#at(parent))?.isDirectory()) {
      this.#makeRoom(parent);
      fs.mkdirSync(this.#at(parent));
    }
    this.#remove(one);
  }

  #replace(name: string, text: string | undefined): void {
    if (text === undefined) fs.rmSync(this.#at(name), { force: true });
    else fs.writeFileSync(this.#at(name), text);
  }
}

/** Everything that a build sees of a directory under an ignore file, read without the index. */
function filesIn(root: string, ignore: string): [string, string][] {
  const rules = new IgnoreRules(ignore);
  const files: [string, string][] = [];
  const visit = (directory: string, parentMatch: IgnoreMatch | undefined): boolean => {
    let isIncluded = false;
    for (const name of fs.readdirSync(join(root, directory)).sort()) {
      const one = directory === '' ? name : `${directory}/${name}`;
      const full = join(root, one);
      const stat = fs.lstatSync(full);
      const match = rules.match(one, parentMatch);
      // Ignored directories are visited, too: a directory is included if anything in it is.
      const hasIncluded = stat.isDirectory() && visit(one, match);
      if (match.ignored && !hasIncluded) continue;
      isIncluded = true;
      const content = stat.isDirectory()
        ? ''
        : stat.isSymbolicLink()
          ? fs.readlinkSync(full)
          : fs.readFileSync(full, 'latin1');
      files.push([one, `${stat.mode} ${content}`]);
    }
    return isIncluded;
  };
  visit('', undefined);
  return files.sort(([one], [other]) => (one < other ? -1 : 1));
}

/** The `sources` patterns in this test are plain paths. */
function isSource(one: string, sources: readonly string[]): boolean {
  return sources.some((source) => isWithin(one, source));
}

function lstat(full: string): fs.Stats | undefined {
  try {
    return fs.lstatSync(full);
  } catch {
    return undefined; // it does not exist, or its parent is not a directory
  }
}

function isWithin(one: string, other: string): boolean {
  return `${one}/`.startsWith(`${other}/`);
}

it(
  'is never wrong about fresh and stale, whatever happens to the tree and the index',
  async () => {
    let steps = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(STEP, { minLength: 1, maxLength: LONGEST, size: 'max' }), async (sequence) => {
        using world = new World();
        for (const [operation, then] of sequence) {
          steps++;
          await world.play(operation);
          if (then === 'look') await world.look();
        }
        await world.look();
      }),
      { numRuns: Math.ceil(STEPS / (LONGEST / 2)) },
    );
    expect(steps).toBeGreaterThan(STEPS / 2);
  },
  Math.max(120_000, STEPS * 20),
);
