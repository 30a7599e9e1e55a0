import { readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { HarnessConfig } from '../../src/config/define.ts';
import { LABELS } from '../../src/core/labels.ts';
import { DockerEngine } from '../../src/docker/engine.ts';
import { openHarness } from '../../src/harness.ts';
import { run, tryRun } from '../../src/machine/process.ts';
import { refuseUncounted } from '../support/all-counted.ts';
import { plant, scratch } from '../support/scratch.ts';

/*
 * Every kind of input, with real builds: a change makes the image stale for that reason, the build
 * uses the change, and nothing else is built.
 */

const PROJECT = `coretest-builds-${process.pid}`;
const REFERENCE = `${PROJECT}/app:dev`;
const SECRET = 'hunter2-never-to-be-seen';

afterAll(async () => {
  const { stdout } = await run(['docker', 'images', '--quiet', '--filter', `label=${LABELS.project}=${PROJECT}`]);
  const ids = [...new Set(stdout.split('\n').filter((id) => id !== ''))];
  if (ids.length > 0) await run(['docker', 'rmi', '--force', ...ids]);
});

let root: string;
beforeEach(async () => {
  root = scratch();
  plant(root, { 'app/Dockerfile': 'FROM scratch\nCOPY . /\n', 'app/a': 'x' });
  await tryRun(['docker', 'rmi', '--force', REFERENCE]);
});

type Images = NonNullable<HarnessConfig['images']>;
type Image = Images[string];

interface Seen {
  built: string[];
  reasons: string[];
  notes: string;
}

interface Look {
  images?: Images;
  env?: Record<string, string>;
  sinceImages?: Record<string, string>;
  signal?: AbortSignal;
  /** Called with each event, as JSON. */
  onEvent?: (event: string) => void;
}

/** Opens the harness as a new process would. */
async function open(look: Look, notes: string[] = []) {
  const { images = { app: { context: 'app' } }, env = {}, sinceImages = {}, signal, onEvent } = look;
  writeFileSync(
    join(root, 'harness.config.json'),
    JSON.stringify({ project: PROJECT, images } satisfies HarnessConfig),
  );
  const emit = (event: { type: string }) => {
    const text = JSON.stringify(event);
    notes.push(text);
    onEvent?.(text);
  };
  return openHarness({
    cwd: root,
    emit,
    env: { ...process.env, XDG_CACHE_HOME: join(root, 'cache'), ...env },
    sinceImages,
    ...(signal ? { signal } : {}),
  });
}

async function buildIfNeeded(look: Look = {}): Promise<Seen> {
  const notes: string[] = [];
  const harness = await open(look, notes);
  await harness.build();
  refuseUncounted(notes.join('\n'));
  const built = harness.results.builds.filter(({ verdict }) => verdict === 'built');
  return {
    built: built.map(({ image }) => image),
    reasons: harness.results.builds.map(({ reason }) => reason),
    notes: notes.join('\n'),
  };
}

function app(image: Image, env: Record<string, string> = {}): Look {
  return { images: { app: { context: 'app', ...image } }, env };
}

/** The content of a file in an image that has no shell. */
async function content(reference: string, path: string, encoding: BufferEncoding = 'utf8'): Promise<string> {
  const container = (await run(['docker', 'create', reference, 'none'])).stdout;
  const out = join(scratch(), 'out');
  await run(['docker', 'cp', `${container}:${path}`, out]);
  await run(['docker', 'rm', container]);
  return readFileSync(out, encoding);
}

async function inspect(
  reference: string,
): Promise<{ Architecture: string; Config: { Labels: Record<string, string> }; Created: string }> {
  return (JSON.parse((await run(['docker', 'image', 'inspect', reference])).stdout) as [never])[0];
}

/**
 * Builds with `one`, and twice with `other`: only the first build with `other` runs, and has a
 * reason.
 */
async function expectRebuild(one: Look, other: Look, reason: string | RegExp): Promise<void> {
  expect((await buildIfNeeded(one)).built).toEqual(['app']);
  const second = await buildIfNeeded(other);
  expect(second.built).toEqual(['app']);
  expect(second.reasons[0]).toMatch(reason);
  expect((await buildIfNeeded(other)).built).toEqual([]);
}

describe('an image is rebuilt', () => {
  it('when a build argument changes', async () => {
    plant(root, { 'app/Dockerfile': 'FROM scratch\nARG VERSION\nLABEL version=$VERSION\nCOPY . /\n' });
    await expectRebuild(
      app({ buildArgs: { VERSION: '1.2' } }),
      app({ buildArgs: { VERSION: '1.3' } }),
      'build argument VERSION: 1.2 → 1.3',
    );
  });

  it('when a build argument changes in the environment, and its value is not stored', async () => {
    plant(root, { 'app/Dockerfile': 'FROM scratch\nARG VERSION=none\nLABEL version=$VERSION\nCOPY . /\n' });
    const image = { buildArgs: { VERSION: { env: 'APP_VERSION' } } };
    await expectRebuild(
      app(image, { APP_VERSION: '1' }),
      app(image, { APP_VERSION: SECRET }),
      'build argument VERSION (from APP_VERSION) changed',
    );
    expect((await inspect(REFERENCE)).Config.Labels['version']).toBe(SECRET);
    expect(textBelow(root)).not.toContain(SECRET);
    const { built } = await buildIfNeeded(app(image));
    expect(built).toEqual(['app']);
    expect((await inspect(REFERENCE)).Config.Labels['version']).toBe('none');
  });

  it('when the target changes', async () => {
    plant(root, { 'app/Dockerfile': 'FROM scratch AS one\nCOPY . /\nFROM one AS two\nLABEL two=2\n' });
    await expectRebuild(app({ target: 'one' }), app({ target: 'two' }), 'target: one → two');
  });

  it('when the platform changes in the configuration or in the environment', async () => {
    await expectRebuild(app({}), app({ platforms: ['linux/s390x'] }), /^platform: linux\/\w+ → linux\/s390x$/);
    expect((await inspect(REFERENCE)).Architecture).toBe('s390x');
    expect((await buildIfNeeded(app({}, { DOCKER_DEFAULT_PLATFORM: 'linux/s390x' }))).built).toEqual([]);
    expect((await buildIfNeeded(app({}, { DOCKER_DEFAULT_PLATFORM: 'linux/riscv64' }))).built).toEqual(['app']);
    expect((await inspect(REFERENCE)).Architecture).toBe('riscv64');
  });

  it('for the configured platform, whatever the environment says', async () => {
    const native = await DockerEngine.of(process.env).platform();
    const { built } = await buildIfNeeded(app({ platforms: [native] }, { DOCKER_DEFAULT_PLATFORM: 'linux/s390x' }));
    expect(built).toEqual(['app']);
    expect(`linux/${(await inspect(REFERENCE)).Architecture}`).toBe(native.split('/').slice(0, 2).join('/'));
  });

  it('when content changes under the same size and time, which BuildKit itself does not see', async () => {
    const file = join(root, 'app/a');
    const put = (text: string) => {
      writeFileSync(file, text);
      utimesSync(file, 1_577_836_800, 1_577_836_800);
    };
    for (const text of ['one', 'two', 'six', 'one']) {
      put(text);
      expect((await buildIfNeeded()).built).toEqual(['app']);
      expect(await content(REFERENCE, '/a')).toBe(text);
    }
    // Also if the change before it was seen but not built, or if a build in between failed.
    put('ten');
    await (await open({})).why();
    put('two');
    expect((await buildIfNeeded()).built).toEqual(['app']);
    expect(await content(REFERENCE, '/a')).toBe('two');
    writeFileSync(join(root, 'app/Dockerfile'), 'FROM scratch\nCOPY . /\nCOPY nothing /\n');
    put('six');
    await expect(buildIfNeeded()).rejects.toMatchObject({ code: 'BUILD' });
    writeFileSync(join(root, 'app/Dockerfile'), 'FROM scratch\nCOPY . /\n');
    put('ten');
    expect((await buildIfNeeded()).built).toEqual(['app']);
    expect(await content(REFERENCE, '/a')).toBe('ten');
  });

  it('when the date of reproducible builds changes', async () => {
    await expectRebuild(app({}), app({}, { SOURCE_DATE_EPOCH: '1600000000' }), 'SOURCE_DATE_EPOCH');
    expect((await inspect(REFERENCE)).Created).toBe('2020-09-13T12:26:40Z');
  });

  it('when a file of a named context changes, unless its ignore file excludes it', async () => {
    plant(root, {
      'app/Dockerfile': 'FROM scratch\nCOPY --from=tools . /tools\n',
      'tools/t': '1',
      'tools/.dockerignore': '*.log',
      'tools/x.log': '',
    });
    const look = app({ contexts: { tools: 'tools' } });
    expect((await buildIfNeeded(look)).built).toEqual(['app']);
    writeFileSync(join(root, 'tools/x.log'), 'more');
    expect((await buildIfNeeded(look)).built).toEqual([]);
    writeFileSync(join(root, 'tools/t'), '2');
    const { built, reasons } = await buildIfNeeded(look);
    expect([built, reasons]).toEqual([['app'], ['1 file changed: tools: t (modified)']]);
    expect(await content(REFERENCE, '/tools/t')).toBe('2');
  });

  it('when a configured image that is used as a named context changes, after that image', async () => {
    plant(root, {
      'app/Dockerfile': 'FROM anything\nCOPY . /\n',
      'base/Dockerfile': 'FROM scratch\nCOPY b /\n',
      'base/b': '1',
    });
    const base = `${PROJECT}/base:dev`;
    const look = {
      images: { app: { context: 'app', contexts: { anything: `docker-image://${base}` } }, base: { context: 'base' } },
    };
    expect((await buildIfNeeded(look)).built).toEqual(['base', 'app']);
    expect((await buildIfNeeded(look)).built).toEqual([]);
    writeFileSync(join(root, 'base/b'), '2');
    const { built, reasons } = await buildIfNeeded(look);
    expect(built).toEqual(['base', 'app']);
    expect(reasons[1]).toBe(`base image ${base} was replaced`);
    expect(await content(REFERENCE, '/b')).toBe('2');
  });

  it('when a base image is replaced under its tag', async () => {
    const base = `${PROJECT}/by-hand:1`;
    const make = (text: string) => {
      plant(root, {
        'hand/Dockerfile': `FROM scratch\nLABEL ${LABELS.project}=${PROJECT}\nCOPY b /\n`,
        'hand/b': text,
      });
      return run([
        'docker',
        'buildx',
        'build',
        '--quiet',
        '--load',
        '--provenance=false',
        '--tag',
        base,
        join(root, 'hand'),
      ]);
    };
    plant(root, { 'app/Dockerfile': `FROM ${base}\nCOPY . /\n` });
    await make('1');
    expect((await buildIfNeeded()).built).toEqual(['app']);
    expect((await buildIfNeeded()).built).toEqual([]);
    await make('2');
    const { built, reasons } = await buildIfNeeded();
    expect([built, reasons]).toEqual([['app'], [`base image ${base} was replaced`]]);
    expect(await content(REFERENCE, '/b')).toBe('2');
  });
});

/** If no registry answers, the base is built from packages. */
const MAKING_THE_BASE = 10 * 60_000;

describe('a secret', () => {
  const image = { secrets: { token: { env: 'APP_TOKEN' } } };

  it(
    'causes a rebuild when it changes, though BuildKit would use its cache, and is never shown',
    async () => {
      plant(root, {
        'app/Dockerfile':
          'FROM debian:bookworm-slim\nRUN --mount=type=secret,id=token wc -c </run/secrets/token >/length\nCOPY . /\n',
      });
      const look = (token: string) =>
        app({ ...image, debianBases: { 'debian:bookworm-slim': 'bookworm' } }, { APP_TOKEN: token });
      expect((await buildIfNeeded(look(SECRET))).built).toEqual(['app']);
      expect((await content(REFERENCE, '/length')).trim()).toBe(String(SECRET.length));
      expect((await buildIfNeeded(look(SECRET))).built).toEqual([]);
      const second = await buildIfNeeded(look(`${SECRET}er`));
      expect([second.built, second.reasons]).toEqual([['app'], ['secret token changed']]);
      expect((await content(REFERENCE, '/length')).trim()).toBe(String(SECRET.length + 2));
      const history = await run(['docker', 'history', '--no-trunc', REFERENCE]);
      const shown = JSON.stringify(await inspect(REFERENCE)) + history.all + second.notes + textBelow(root);
      expect(shown).not.toContain(SECRET);
    },
    MAKING_THE_BASE,
  );

  it(
    'is used for each image separately, also after a failed build',
    async () => {
      const dockerfile =
        'FROM debian:bookworm-slim\nRUN --mount=type=secret,id=token cat /run/secrets/token | tr a-z b-za >/seen\nCOPY . /\n';
      plant(root, { 'app/Dockerfile': dockerfile });
      const one = (variable: string): Image => ({
        context: 'app',
        secrets: { token: { env: variable } },
        debianBases: { 'debian:bookworm-slim': 'bookworm' },
      });
      const images = { app: one('ONE'), other: one('OTHER') };
      await buildIfNeeded({ images, env: { ONE: 'aaa', OTHER: 'mmm' } });
      expect(await content(REFERENCE, '/seen')).toBe('bbb');
      expect(await content(`${PROJECT}/other:dev`, '/seen')).toBe('nnn');

      const app = { images: { app: one('ONE') } };
      plant(root, { 'app/Dockerfile': `${dockerfile}COPY nothing /\n` });
      await expect(buildIfNeeded({ ...app, env: { ONE: 'ccc' } })).rejects.toMatchObject({ code: 'BUILD' });
      plant(root, { 'app/Dockerfile': dockerfile, 'app/a': 'edited' });
      await buildIfNeeded({ ...app, env: { ONE: 'aaa' } });
      expect(await content(REFERENCE, '/seen')).toBe('bbb');
    },
    MAKING_THE_BASE,
  );

  /** An image whose file `/seen` shows the token, in disguise. */
  const revealing = (context: string): Image => ({
    ...image,
    context,
    debianBases: { 'debian:bookworm-slim': 'bookworm' },
  });
  const REVEAL = 'RUN --mount=type=secret,id=token tr a-z b-za </run/secrets/token >/seen\n';

  it(
    'is in each image that uses its id, after it was changed there and back',
    async () => {
      // The step is the same, what comes after it is not.
      plant(root, {
        'app/Dockerfile': `FROM debian:bookworm-slim\n${REVEAL}COPY . /\n`,
        'web/Dockerfile': `FROM debian:bookworm-slim AS tools\n${REVEAL}FROM scratch\nCOPY --from=tools /seen /\n`,
        'own/Dockerfile': `FROM debian:bookworm-slim\nRUN true\n${REVEAL}`,
      });
      const images = { app: revealing('app'), web: revealing('web'), own: revealing('own') };
      for (const [token, seen] of [
        ['aaa', 'bbb'],
        ['mmm', 'nnn'],
        ['aaa', 'bbb'],
      ] as const) {
        const { built } = await buildIfNeeded({ images, env: { APP_TOKEN: token } });
        expect(built.toSorted()).toEqual(['app', 'own', 'web']);
        for (const name of built) expect(await content(`${PROJECT}/${name}:dev`, '/seen')).toBe(seen);
      }
    },
    MAKING_THE_BASE,
  );

  it(
    'is the new one after a build that was interrupted before it was used',
    async () => {
      const dockerfile = (wait: string) =>
        `FROM debian:bookworm-slim\nCOPY ${wait} /wait\nRUN echo the-wait-begins && sh /wait\n${REVEAL}`;
      plant(root, { 'app/short': 'true', 'app/long': 'sleep 600', 'app/Dockerfile': dockerfile('short') });
      const look = (token: string) => ({ images: { app: revealing('app') }, env: { APP_TOKEN: token } });
      await buildIfNeeded(look('aaa'));

      plant(root, { 'app/Dockerfile': dockerfile('long') });
      const interruption = new AbortController();
      const interrupted = buildIfNeeded({
        ...look('mmm'),
        signal: interruption.signal,
        onEvent: (event) => {
          if (/#\d+ [\d.]+ the-wait-begins/.test(event)) interruption.abort();
        },
      });
      await expect(interrupted).rejects.toMatchObject({ code: 'INTERRUPTED' });

      plant(root, { 'app/Dockerfile': dockerfile('short') });
      expect((await buildIfNeeded(look('mmm'))).built).toEqual(['app']);
      expect(await content(REFERENCE, '/seen')).toBe('nnn');
    },
    MAKING_THE_BASE,
  );

  it(
    "is not that of another user's build on the same engine",
    async () => {
      plant(root, { 'app/Dockerfile': `FROM debian:bookworm-slim\n${REVEAL}` });
      const look = (user: string, token: string) => ({
        images: { app: revealing('app') },
        env: { APP_TOKEN: token, XDG_CACHE_HOME: join(root, user) },
      });
      for (const [user, token, seen] of [
        ['ann', 'aaa', 'bbb'],
        ['bob', 'mmm', 'nnn'],
        ['ann', 'aaa', 'bbb'],
        ['bob', 'zzz', 'aaa'],
      ] as const) {
        expect((await buildIfNeeded(look(user, token))).built).toEqual(['app']);
        expect(await content(REFERENCE, '/seen')).toBe(seen);
      }
    },
    MAKING_THE_BASE,
  );

  it(
    'that changes leaves the cache mounts of the build as they are',
    async () => {
      const mounts = `--mount=type=secret,id=token --mount=type=cache,id=${PROJECT},target=/kept`;
      plant(root, {
        'app/Dockerfile': `FROM debian:bookworm-slim\nRUN ${mounts} tr a-z b-za </run/secrets/token >>/kept/seen && cp /kept/seen /\n`,
      });
      const look = (token: string) => ({ images: { app: revealing('app') }, env: { APP_TOKEN: token } });
      await buildIfNeeded(look('aaa'));
      await buildIfNeeded(look('mmm'));
      expect(await content(REFERENCE, '/seen')).toBe('bbbnnn');
    },
    MAKING_THE_BASE,
  );

  it(
    'may be a file, of text or of bytes, and the build has exactly these',
    async () => {
      plant(root, {
        'app/Dockerfile': 'FROM debian:bookworm-slim\nRUN --mount=type=secret,id=token cp /run/secrets/token /seen\n',
      });
      const look = {
        images: { app: { ...revealing('app'), secrets: { token: { file: 'token' } } } },
      };
      for (const value of [Buffer.from('ä "b", c\n'), Buffer.from([0, 0x80, 0xff, 10]), Buffer.alloc(0)]) {
        writeFileSync(join(root, 'token'), value);
        expect((await buildIfNeeded(look)).built).toEqual(['app']);
        expect(Buffer.from(await content(REFERENCE, '/seen', 'latin1'), 'latin1')).toEqual(value);
        expect(readdirSync(join(root, '.harness', PROJECT, 'build'))).toEqual([]);
      }
    },
    MAKING_THE_BASE,
  );

  it('that is missing stops the build, with an error that names where it should be', async () => {
    plant(root, { 'app/Dockerfile': 'FROM scratch\nCOPY . /\n' });
    const missing = /token \(the variable APP_TOKEN is not set\), file \(there is no file .*\/nowhere\)/;
    await expect(
      buildIfNeeded(app({ secrets: { ...image.secrets, file: { file: 'nowhere' } } })),
    ).rejects.toMatchObject({
      code: 'BUILD',
      message: expect.stringMatching(missing),
    });
  });
});

describe('an image that would be built from itself', () => {
  it('is refused, because it could never be fresh', async () => {
    plant(root, { 'app/Dockerfile': `FROM ${REFERENCE}\nCOPY . /\n` });
    await expect(buildIfNeeded()).rejects.toMatchObject({
      code: 'CONFIG',
      message: 'The image app is built from itself.',
    });
  });
});

describe('the image of another build', () => {
  const CI = `${PROJECT}/app:ci`;

  /** Simulates a build in CI: the image exists under CI's name, without a local image or record. */
  async function builtByCi(): Promise<void> {
    await buildIfNeeded();
    await run(['docker', 'tag', REFERENCE, CI]);
    await run(['docker', 'rmi', REFERENCE]);
    rmSync(join(root, '.harness'), { recursive: true });
  }

  it('is used instead of a build when it was built from the same inputs, and is fresh afterwards', async () => {
    await builtByCi();
    const since = { sinceImages: { app: CI } };
    expect((await (await open(since)).cacheStatus()).images).toMatchObject([
      { verdict: 'missing', action: 'take', reason: `${CI} was built from the same inputs` },
    ]);
    const { built, reasons } = await buildIfNeeded(since);
    expect([built, reasons]).toEqual([[], [`taken from ${CI}, which was built from the same inputs`]]);
    expect((await buildIfNeeded()).built).toEqual([]);
    expect((await (await open({})).why())[0]).toMatchObject({ verdict: 'fresh', lastBuild: null });
  });

  it('can be named in the configuration', async () => {
    await builtByCi();
    expect((await buildIfNeeded(app({ cacheImage: CI }))).built).toEqual([]);
  });

  it('is not used when anything has changed since, or when it cannot be pulled', async () => {
    await builtByCi();
    writeFileSync(join(root, 'app/a'), 'changed');
    expect((await buildIfNeeded({ sinceImages: { app: CI } })).built).toEqual(['app']);
    writeFileSync(join(root, 'app/a'), 'changed again');
    expect((await buildIfNeeded({ sinceImages: { app: '127.0.0.1:1/nowhere:1' } })).built).toEqual(['app']);
  });

  it('must belong to a configured image', async () => {
    await expect(open({ sinceImages: { nobody: CI } })).rejects.toMatchObject({ code: 'USAGE' });
  });
});

describe('ignored files that come and go during a build', () => {
  it('neither repeat it nor make the image stale', async () => {
    plant(root, { 'app/.dockerignore': '**/*.tmp\n', 'app/deep/b': '1' });
    const churn = setInterval(() => {
      for (const file of ['app/x.tmp', 'app/deep/y.tmp']) {
        writeFileSync(join(root, file), '');
        rmSync(join(root, file));
      }
    }, 5);
    try {
      expect((await buildIfNeeded()).built).toEqual(['app']);
    } finally {
      clearInterval(churn);
    }
    expect((await buildIfNeeded()).built).toEqual([]);
  });
});

describe("the harness's own files", () => {
  it('are not part of a named context', async () => {
    plant(root, { 'app/Dockerfile': 'FROM scratch\nCOPY --from=all . /\n' });
    await expect(buildIfNeeded(app({ contexts: { all: '.' } }))).rejects.toMatchObject({
      code: 'CONFIG',
      next: expect.stringContaining('`**/.harness`'),
    });
    plant(root, { '.dockerignore': '.harness\ncache\n' });
    expect((await buildIfNeeded(app({ contexts: { all: '.' } }))).built).toEqual(['app']);
    expect((await buildIfNeeded(app({ contexts: { all: '.' } }))).built).toEqual([]);
  });
});

describe('why', () => {
  it('reports what had changed for the last build, and what has changed since', async () => {
    await buildIfNeeded();
    plant(root, { 'app/b': '' });
    await buildIfNeeded();
    writeFileSync(join(root, 'app/a'), 'y');
    rmSync(join(root, 'app/b'));
    const [why] = await (await open({})).why(['app']);
    expect(why).toMatchObject({
      image: 'app',
      verdict: 'stale',
      action: 'build',
      changed: [
        { path: 'a', kind: 'modified' },
        { path: 'b', kind: 'deleted' },
      ],
      newer: 1,
      lastBuild: {
        reason: '1 file changed: b (added)',
        changes: ['b (added)'],
        at: expect.stringMatching(/Z$/),
        ms: expect.any(Number),
      },
    });
  });
});

describe('an image that is expected to be fresh', () => {
  it('lets the run continue if it is, and stops the run before anything is done if it is not', async () => {
    await expect((await open({})).build([], { expectFresh: true })).rejects.toMatchObject({
      code: 'STALE',
      detail: 'app is missing: there is no such image',
    });
    expect((await tryRun(['docker', 'image', 'inspect', REFERENCE])).exitCode).not.toBe(0);
    await buildIfNeeded();
    const harness = await open({});
    await harness.build([], { expectFresh: true });
    expect(harness.results.builds).toMatchObject([{ image: 'app', verdict: 'fresh' }]);
  });
});

/** The text of all files in a directory. */
function textBelow(directory: string): string {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}
