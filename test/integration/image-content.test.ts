import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { HarnessConfig } from '../../src/config/define.ts';
import { LABELS } from '../../src/core/labels.ts';
import { openHarness } from '../../src/harness.ts';
import { run, tryRun } from '../../src/machine/process.ts';
import { plant } from '../support/scratch.ts';

/*
 * Plays random sequences of what happens to sources, bases, secrets, tags and builds over the real
 * engine. The oracle knows no digest: it reads what is in the built image, and compares it with what
 * a build of the present sources would put there.
 */

/** The number of steps. Most steps cost a build, so they are few. */
const STEPS = Math.max(48, Number(process.env['HARNESS_PROPERTY_STEPS'] ?? 0) / 500);
const LONGEST = 12;
const PROJECT = `coretest-content-${process.pid}`;
const BASE = `${PROJECT}-base/base:1`;
const TOOLS = `${PROJECT}-tools/tools:dev`;
const MINUTES = 60_000;

/** Ways to name the base, with arguments and quotes. */
const FROMS = [
  `FROM ${BASE}`,
  `FROM "${BASE}"`,
  `ARG B="${BASE}"\nFROM $B`,
  `ARG T\nFROM ${BASE.replace(/1$/, '')}\${T:-1}`,
  `ARG B\nFROM \${B:-"${BASE}"} AS named\nFROM named`,
];
const REVEAL = 'RUN --mount=type=secret,id=token tr a-z b-za </run/secrets/token >/seen\n';
const IMAGES = ['app', 'web'] as const;
type Name = (typeof IMAGES)[number];

const image = fc.constantFrom(...IMAGES);
const token = fc.constantFrom('aaa', 'mmm');
const text = fc.constantFrom('x', 'y', 'z');
const OPERATION = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('write' as const), image, text }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('rotate the secret' as const), token }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('replace the base' as const), text }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('name the base' as const), from: fc.constantFrom(...FROMS) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('ignored files' as const), text }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('nested checkout' as const), text }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('commit' as const), image }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('derive' as const), image }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('tag the other image' as const), image }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('keep the image' as const), image }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('bring the kept image back' as const), image }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('untag' as const), image }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose the records' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('another user' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('interrupted build' as const), after: fc.nat(700) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rebuild' as const), image }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('build' as const) }) },
);
type Operation = typeof OPERATION extends fc.Arbitrary<infer T> ? T : never;

const docker = async (...argv: string[]) => (await run(['docker', ...argv])).stdout.trim();
const referenceOf = (name: Name) => `${PROJECT}/${name}:dev`;

/** What has been read from images, by id: an image never changes. */
const contents = new Map<string, string>();

/** Everything in the image that its sources decide. */
async function contentOf(id: string): Promise<string> {
  const known = contents.get(id);
  if (known !== undefined) return known;
  const show = 'cat /base /seen /src/a; ls -A /src | sort; cat /patch 2>/dev/null || true';
  const content = await docker('run', '--rm', '--network=none', '--entrypoint', 'sh', id, '-c', show);
  contents.set(id, content);
  return content;
}

async function idOf(reference: string): Promise<string | undefined> {
  const { exitCode, stdout } = await tryRun(['docker', 'image', 'inspect', '--format', '{{.Id}}', reference]);
  return exitCode === 0 ? stdout.trim() : undefined;
}

async function buildByHand(dockerfile: string, name: string): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'content-hand-'));
  try {
    writeFileSync(join(directory, 'Dockerfile'), dockerfile);
    await docker('buildx', 'build', '--quiet', '--load', '--provenance=false', '--tag', name, directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** A project on the real engine, and what its images should hold. */
class World {
  readonly #root = mkdtempSync(join(tmpdir(), 'content-'));
  readonly #texts: Record<Name, string> = { app: 'x', web: 'x' };
  #base = 'x';
  #token = 'aaa';
  #user = 0;

  static async create(): Promise<World> {
    const world = new World();
    for (const name of IMAGES)
      plant(world.#root, { [`${name}/a`]: 'x', [`${name}/.dockerignore`]: '*.tmp\nDockerfile\n.dockerignore\n' });
    world.#nameBase(FROMS[0] as string);
    await world.#replaceBase('x');
    for (const name of IMAGES) await tryRun(['docker', 'rmi', '--force', referenceOf(name)]);
    return world;
  }

  [Symbol.dispose](): void {
    rmSync(this.#root, { recursive: true, force: true });
  }

  async play(operation: Operation): Promise<void> {
    switch (operation.do) {
      case 'write':
        this.#texts[operation.image] = operation.text;
        return plant(this.#root, { [`${operation.image}/a`]: operation.text });
      case 'rotate the secret':
        this.#token = operation.token;
        return;
      case 'replace the base':
        return this.#replaceBase(operation.text);
      case 'name the base':
        return this.#nameBase(operation.from);
      case 'ignored files':
        return plant(this.#root, { 'app/x.tmp': operation.text, 'web/x.tmp': operation.text });
      case 'nested checkout':
        return plant(this.#root, { 'app/.harness/kubeconfig': operation.text, 'web/.harness/index/a': operation.text });
      case 'commit':
        return this.#commit(referenceOf(operation.image));
      case 'derive':
        if (await idOf(referenceOf(operation.image)))
          await buildByHand(
            `FROM ${referenceOf(operation.image)}\nRUN echo derived >/patch\n`,
            referenceOf(operation.image),
          );
        return;
      case 'tag the other image':
        return this.#tag(referenceOf(operation.image === 'app' ? 'web' : 'app'), referenceOf(operation.image));
      case 'keep the image':
        return this.#tag(referenceOf(operation.image), `${PROJECT}-kept/${operation.image}:1`);
      case 'bring the kept image back':
        return this.#tag(`${PROJECT}-kept/${operation.image}:1`, referenceOf(operation.image));
      case 'untag':
        await tryRun(['docker', 'rmi', '--force', '--no-prune', referenceOf(operation.image)]);
        return;
      case 'lose the records':
        return rmSync(join(this.#root, '.harness'), { recursive: true, force: true });
      case 'another user':
        this.#user = 1 - this.#user;
        return;
      case 'interrupted build': {
        const harness = await this.#open(AbortSignal.timeout(operation.after));
        await harness.build().catch((error: unknown) => expect(error).toMatchObject({ code: 'INTERRUPTED' }));
        return;
      }
      case 'rebuild':
        return void (await (await this.#open()).build([operation.image], { force: true, noCache: true }));
      case 'build':
        await (await this.#open()).build();
        for (const { image: name, verdict, reason } of await this.#look())
          expect([name, verdict, reason]).toEqual([name, 'fresh', expect.any(String)]);
    }
  }

  /** An image that is called fresh holds what a build would put into it. */
  async check(): Promise<void> {
    for (const { image: name, verdict } of await this.#look()) {
      if (verdict !== 'fresh') continue;
      const id = (await idOf(referenceOf(name as Name))) as string;
      expect(await contentOf(id), `${name} is called fresh`).toBe(this.#expected(name as Name));
    }
  }

  #expected(name: Name): string {
    const seen = this.#token.replaceAll('a', 'b').replaceAll('m', 'n');
    return `${this.#base}\n${seen}${this.#texts[name]}a`;
  }

  async #look() {
    return (await (await this.#open()).cacheStatus([], true)).images;
  }

  #open(signal?: AbortSignal) {
    const one = (name: Name) => ({ context: name, secrets: { token: { env: 'APP_TOKEN' } } });
    const config: HarnessConfig = { project: PROJECT, images: { app: one('app'), web: one('web') } };
    writeFileSync(join(this.#root, 'harness.config.json'), JSON.stringify(config));
    const cache = join(this.#root, `cache-${this.#user}`);
    return openHarness({
      cwd: this.#root,
      env: { ...process.env, XDG_CACHE_HOME: cache, APP_TOKEN: this.#token },
      signal,
    });
  }

  #nameBase(from: string): void {
    // The same step in both images, and other steps after it.
    plant(this.#root, {
      'app/Dockerfile': `${from}\n${REVEAL}COPY . /src/\n`,
      'web/Dockerfile': `${from}\n${REVEAL}RUN true\nCOPY . /src/\n`,
    });
  }

  async #replaceBase(text: string): Promise<void> {
    this.#base = text;
    await buildByHand(`FROM ${TOOLS}\nRUN echo ${text} >/base\n`, BASE);
  }

  async #commit(reference: string): Promise<void> {
    if ((await idOf(reference)) === undefined) return;
    const container = await docker(
      'run',
      '--detach',
      '--network=none',
      '--entrypoint',
      'sh',
      reference,
      '-c',
      'echo committed >/patch',
    );
    await docker('wait', container);
    await docker('commit', container, reference);
    await docker('rm', container);
  }

  async #tag(source: string, name: string): Promise<void> {
    if ((await idOf(source)) !== undefined) await docker('tag', source, name);
  }
}

beforeAll(async () => {
  const root = mkdtempSync(join(tmpdir(), 'content-tools-'));
  const images = { tools: { context: '.', debianBases: { 'debian:bookworm-slim': 'bookworm' }, tag: TOOLS } };
  writeFileSync(join(root, 'harness.config.json'), JSON.stringify({ project: PROJECT, images }));
  writeFileSync(join(root, 'Dockerfile'), 'FROM debian:bookworm-slim\nRUN mkdir /src\n');
  await (await openHarness({ cwd: root })).build();
  rmSync(root, { recursive: true });
}, 10 * MINUTES);

afterAll(async () => {
  const names = await docker('images', '--format', '{{.Repository}}:{{.Tag}}', '--filter', `reference=${PROJECT}*/*`);
  for (const name of names.split('\n').filter(Boolean)) await tryRun(['docker', 'rmi', '--force', name]);
  const ids = await docker('images', '--all', '--quiet', '--filter', `label=${LABELS.project}=${PROJECT}`);
  for (const id of new Set(ids.split('\n').filter(Boolean))) await tryRun(['docker', 'rmi', '--force', id]);
});

it(
  'is what the sources say whenever an image is called fresh, whatever happened before',
  async () => {
    let steps = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(OPERATION, { minLength: LONGEST / 2, maxLength: LONGEST, size: 'max' }),
        async (sequence) => {
          using world = await World.create();
          await world.play({ do: 'build' });
          for (const operation of sequence) {
            steps++;
            await world.play(operation);
            await world.check();
          }
          await world.play({ do: 'build' });
          await world.check();
        },
      ),
      { numRuns: Math.ceil(STEPS / (LONGEST * 0.75)), endOnFailure: true },
    );
    expect(steps).toBeGreaterThan(STEPS / 2);
  },
  Math.max(10 * MINUTES, STEPS * 10_000),
);
