import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { HarnessConfig } from '../../src/config/define.ts';
import { LABELS } from '../../src/core/labels.ts';
import { openHarness } from '../../src/harness.ts';
import { run } from '../../src/machine/process.ts';
import { refuseUncounted } from '../support/all-counted.ts';
import { plant, scratch } from '../support/scratch.ts';

/*
 * Cache mounts belong to all projects that name them. A rebuild leaves them as they are, and builds
 * at the same time keep `sharing=locked`.
 */

const PROJECT = `coretest-mounts-${process.pid}`;

/** If no registry answers, the base is built from packages. */
const MAKING_THE_BASE = 10 * 60_000;

const docker = async (...argv: string[]) => (await run(['docker', ...argv])).stdout.trim();

afterAll(async () => {
  for (const project of [PROJECT, `${PROJECT}-other`, `${PROJECT}-holder`]) {
    const ids = await docker('images', '--quiet', '--filter', `label=${LABELS.project}=${project}`);
    const unique = [...new Set(ids.split('\n').filter((id) => id !== ''))];
    if (unique.length > 0) await docker('rmi', '--force', ...unique);
  }
});

let root: string;
beforeEach(() => {
  root = scratch();
});

/** A checkout of a project, below `root`. Its images are the directories in it. */
function checkout(directory: string, project: string, dockerfiles: Record<string, string>) {
  const place = join(root, directory);
  const images: HarnessConfig['images'] = {};
  for (const [name, dockerfile] of Object.entries(dockerfiles)) {
    plant(place, { [`${name}/Dockerfile`]: dockerfile, [`${name}/source`]: 'x' });
    images[name] = { context: name, debianBases: { 'debian:bookworm-slim': 'bookworm' } };
  }
  writeFileSync(join(place, 'harness.config.json'), JSON.stringify({ project, images }));
  const open = () =>
    openHarness({
      cwd: place,
      emit: (event) => event.type === 'note' && refuseUncounted(event.message),
      env: { ...process.env, XDG_CACHE_HOME: join(root, 'cache') },
    });
  return {
    edit: (name: string) => appendFileSync(join(place, name, 'source'), 'x'),
    build: async (how = {}) => {
      const harness = await open();
      await harness.build([], how);
      return harness.results.builds.map(({ verdict }) => verdict);
    },
    /** What a file in the built image says. */
    read: (name: string, path: string) => docker('run', '--rm', `${project}/${name}:dev`, 'cat', path),
  };
}

const REBUILD = { force: true, noCache: true };

/**
 * Keeps a cache mount in use for as long as the work takes: BuildKit collects mounts that nothing
 * uses when its cache is large or the disk is nearly full, which would look as if a rebuild had
 * emptied them.
 */
async function keeping(id: string, work: () => Promise<void>): Promise<void> {
  const holder = checkout('holder', `${PROJECT}-holder`, { app: 'FROM debian:bookworm-slim' });
  await holder.build();
  const dockerfile = `FROM ${PROJECT}-holder/app:dev\nRUN --mount=type=cache,id=${id},target=/kept echo kept && sleep 3600`;
  const ending = new AbortController();
  let isKept = () => {};
  const kept = new Promise<void>((resolve) => (isKept = resolve));
  const holding = run(['docker', 'buildx', 'build', '--no-cache', '--progress', 'plain', '-'], {
    input: dockerfile,
    signal: ending.signal,
    onLine: (line) => / kept$/.test(line) && isKept(),
  });
  try {
    await Promise.race([kept, holding]);
    await work();
  } finally {
    ending.abort();
    await holding.catch(() => {});
  }
}

describe('a rebuild', () => {
  it(
    'leaves cache mounts as they are, runs each step again, and builds after it use its results',
    async () => {
      const mount = `--mount=type=cache,id=${PROJECT},target=/kept`;
      const dockerfile = (name: string) =>
        [
          'FROM debian:bookworm-slim',
          `RUN ${mount} touch /kept/${name} && ls /kept >/seen && date +%s%N >/run-at`,
          'RUN --network=none date +%s%N >/alone-at',
          'COPY source /',
        ].join('\n');
      await keeping(PROJECT, async () => {
        const one = checkout('one', PROJECT, { app: dockerfile('one') });
        const other = checkout('other', `${PROJECT}-other`, { app: dockerfile('other') });
        await one.build();
        await other.build();
        const times = async () => [await one.read('app', '/run-at'), await one.read('app', '/alone-at')];
        const first = await times();
        expect(await other.read('app', '/seen')).toBe('one\nother');

        expect(await one.build(REBUILD)).toEqual(['built']);
        const second = await times();
        for (const [index, time] of second.entries()) expect(time).not.toBe(first[index]);
        expect(await one.read('app', '/seen')).toBe('one\nother');
        other.edit('app');
        expect(await other.build(REBUILD)).toEqual(['built']);
        expect(await other.read('app', '/seen')).toBe('one\nother');

        // The same inputs as before: other checkouts find it fresh, and later builds share its steps.
        const clone = checkout('clone', PROJECT, { app: dockerfile('one') });
        expect(await clone.build()).toEqual(['fresh']);
        for (const place of [one, clone]) {
          place.edit('app');
          expect(await place.build(place === clone ? { force: true } : {})).toEqual(['built']);
          expect(await times()).toEqual(second);
        }
      });
    },
    MAKING_THE_BASE,
  );
});

describe('builds at the same time', () => {
  it(
    'hold the lock of a cache mount, in one run and in several',
    async () => {
      const mount = `--mount=type=cache,id=${PROJECT}-locked,target=/kept,sharing=locked`;
      // A directory can be made only once, so two steps that overlap are seen for certain.
      const step =
        'mkdir /kept/held && echo begin >>/kept/log && sleep 0.3 && echo end >>/kept/log && rmdir /kept/held';
      const dockerfile = (name: string) => `FROM debian:bookworm-slim\nRUN ${mount} : ${name} && ${step}\n`;
      const shared = `FROM debian:bookworm-slim AS tools\nRUN ${mount} : shared && ${step}\nFROM tools\n`;
      const names = ['a', 'b'];
      const one = checkout('one', PROJECT, {
        ...Object.fromEntries(names.map((name) => [name, dockerfile(name)])),
        c: `${shared}LABEL name=c\n`,
      });
      const other = checkout('other', `${PROJECT}-other`, { d: dockerfile('d'), e: `${shared}LABEL name=e\n` });
      await Promise.all([one.build(), other.build()]);
      await Promise.all([one.build(REBUILD), other.build(REBUILD)]);
      const last = checkout('last', PROJECT, { f: `FROM debian:bookworm-slim\nRUN ${mount} cp /kept/log /log\n` });
      await last.build();
      const log = (await last.read('f', '/log')).split('\n');
      // Four different steps, the shared one once; and in the rebuilds five, because each is its own.
      expect(log).toEqual(Array.from({ length: (4 + 5) * 2 }, (_, index) => (index % 2 === 0 ? 'begin' : 'end')));
    },
    MAKING_THE_BASE,
  );
});
