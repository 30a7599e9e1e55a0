import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { HarnessConfig } from '../../src/config/define.ts';
import { LABELS } from '../../src/core/labels.ts';
import { openHarness } from '../../src/harness.ts';
import { refuseUncounted } from '../support/all-counted.ts';
import { plant, scratch } from '../support/scratch.ts';
import { startSecondDocker, whyNoSecondDocker, type SecondDocker } from './support/second-docker.ts';
import { docker, dockerLines } from './support/tools.ts';

/*
 * Cache mounts belong to all projects that name them. A rebuild leaves them as they are, and builds
 * at the same time keep `sharing=locked`.
 *
 * The Docker daemon is the test's own. In one that others use, BuildKit may collect a mount, and any
 * build with `--no-cache` makes it replace the mounts that are in use by empty ones.
 */

const PROJECT = `e2e-mounts-${process.pid}`;
const BASE_PROJECT = `${PROJECT}-base`;
const BASE = `${BASE_PROJECT}/app:dev`;
const REBUILD = { force: true, noCache: true };
const obstacle = await whyNoSecondDocker();

const TITLE = 'cache mounts';
if (obstacle === undefined) describe(TITLE, tests);
else it.skip(`${TITLE} (${obstacle})`, () => expect.unreachable());

function tests(): void {
  const daemon = mkdtempSync(join(tmpdir(), 'mounts-docker-'));
  let second: SecondDocker;
  let root: string;

  /** A checkout of a project, below `root`. Its images are the directories in it. */
  function checkout(directory: string, project: string, dockerfiles: Record<string, string>, to: NodeJS.ProcessEnv) {
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
        env: { ...process.env, ...to, XDG_CACHE_HOME: join(root, 'cache') },
      });
    return {
      edit: (name: string) => appendFileSync(join(place, name, 'source'), 'x'),
      build: async (how = {}) => {
        const harness = await open();
        await harness.build([], how);
        return harness.results.builds.map(({ verdict }) => verdict);
      },
      /** What a file in the built image says. */
      read: (name: string, path: string) => second.docker('run', '--rm', `${project}/${name}:dev`, 'cat', path),
    };
  }

  const inSecond = (directory: string, project: string, dockerfiles: Record<string, string>) =>
    checkout(directory, project, dockerfiles, second.start.env);

  beforeEach(() => {
    root = scratch();
  });

  beforeAll(async () => {
    root = daemon;
    await checkout('base', BASE_PROJECT, { app: 'FROM debian:bookworm-slim\n' }, {}).build();
    second = await startSecondDocker(daemon, { builder: { gc: { enabled: false } } });
    await second.copy(BASE);
  });

  afterAll(async () => {
    const started = second as SecondDocker | undefined; // undefined if `beforeAll` failed earlier
    await started?.stop();
    rmSync(daemon, { recursive: true, force: true });
    const label = `label=${LABELS.project}=${BASE_PROJECT}`;
    const ids = await dockerLines('images', '--quiet', '--filter', label);
    if (ids.length > 0) await docker('rmi', '--force', ...new Set(ids));
  });

  it('are left as they are by a rebuild, which runs each step again, and builds after it use its results', async () => {
    const mount = `--mount=type=cache,id=${PROJECT},target=/kept`;
    const dockerfile = (name: string) =>
      [
        `FROM ${BASE}`,
        `RUN ${mount} touch /kept/${name} && ls /kept >/seen && date +%s%N >/run-at`,
        'RUN --network=none date +%s%N >/alone-at',
        'COPY source /',
      ].join('\n');
    const one = inSecond('one', PROJECT, { app: dockerfile('one') });
    const other = inSecond('other', `${PROJECT}-other`, { app: dockerfile('other') });
    await one.build();
    await other.build();
    const times = async () => [await one.read('app', '/run-at'), await one.read('app', '/alone-at')];
    const first = await times();
    expect(await other.read('app', '/seen')).toBe('one\nother');

    expect(await one.build(REBUILD)).toEqual(['built']);
    const afterRebuild = await times();
    for (const [index, time] of afterRebuild.entries()) expect(time).not.toBe(first[index]);
    expect(await one.read('app', '/seen')).toBe('one\nother');
    other.edit('app');
    expect(await other.build(REBUILD)).toEqual(['built']);
    expect(await other.read('app', '/seen')).toBe('one\nother');

    // The same inputs as before: other checkouts find it fresh, and later builds share its steps.
    const clone = inSecond('clone', PROJECT, { app: dockerfile('one') });
    expect(await clone.build()).toEqual(['fresh']);
    for (const place of [one, clone]) {
      place.edit('app');
      expect(await place.build(place === clone ? { force: true } : {})).toEqual(['built']);
      expect(await times()).toEqual(afterRebuild);
    }
  });

  it('are locked by builds at the same time, in one run and in several', async () => {
    const mount = `--mount=type=cache,id=${PROJECT}-locked,target=/kept,sharing=locked`;
    // A directory can be made only once, so two steps that overlap are seen for certain.
    const step = 'mkdir /kept/held && echo begin >>/kept/log && sleep 0.3 && echo end >>/kept/log && rmdir /kept/held';
    const dockerfile = (name: string) => `FROM ${BASE}\nRUN ${mount} : ${name} && ${step}\n`;
    const shared = `FROM ${BASE} AS tools\nRUN ${mount} : shared && ${step}\nFROM tools\n`;
    const names = ['a', 'b'];
    const one = inSecond('one', PROJECT, {
      ...Object.fromEntries(names.map((name) => [name, dockerfile(name)])),
      c: `${shared}LABEL name=c\n`,
    });
    const other = inSecond('other', `${PROJECT}-other`, { d: dockerfile('d'), e: `${shared}LABEL name=e\n` });
    await Promise.all([one.build(), other.build()]);
    await Promise.all([one.build(REBUILD), other.build(REBUILD)]);
    const last = inSecond('last', PROJECT, { f: `FROM ${BASE}\nRUN ${mount} cp /kept/log /log\n` });
    await last.build();
    const log = (await last.read('f', '/log')).split('\n');
    // Four different steps, the shared one once; and in the rebuilds five, because each is its own.
    expect(log).toEqual(Array.from({ length: (4 + 5) * 2 }, (_, index) => (index % 2 === 0 ? 'begin' : 'end')));
  });
}
