import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { LABELS } from '../../src/core/labels.ts';
import { DockerEngine } from '../../src/docker/engine.ts';
import { openHarness } from '../../src/harness.ts';
import { run, tryRun } from '../../src/machine/process.ts';
import { thisProcess } from '../../src/machine/running-process.ts';
import { createRegistry, removeRegistry, startRegistry } from '../../src/registry/container.ts';
import { ensureRegistryImage, registrySettings } from '../../src/system-images/registry-image.ts';
import { refuseUncounted } from '../support/all-counted.ts';
import { loggedIn } from '../support/docker-config.ts';
import { plant, scratch } from '../support/scratch.ts';

/*
 * Images inherit labels. What is built on an image of the harness, or committed from a container of
 * one, carries the record of its inputs, and is another image all the same.
 */

const PROJECT = `coretest-derived-${process.pid}`;
const REFERENCE = `${PROJECT}/app:dev`;
const THEIRS = `their-${PROJECT}/app:1`;
const INHERITED = 'another image carries its label: one that was committed or built from it';

const docker = async (...argv: string[]) => (await run(['docker', ...argv])).stdout.trim();
const idOf = (reference: string) => docker('image', 'inspect', '--format', '{{.Id}}', reference);
const exists = async (reference: string) => (await tryRun(['docker', 'image', 'inspect', reference])).exitCode === 0;

const OF_THIS_PROJECT = ['--filter', `label=${LABELS.project}=${PROJECT}`];

async function removeAll(): Promise<void> {
  const ids = await docker('images', '--all', '--quiet', ...OF_THIS_PROJECT);
  for (const id of new Set(ids.split('\n').filter((line) => line !== '')))
    await tryRun(['docker', 'rmi', '--force', id]);
}
afterAll(removeAll);

let root: string;
beforeEach(async () => {
  root = scratch();
  plant(root, { 'app/Dockerfile': 'FROM scratch\nCOPY a /\nCMD ["/a"]\n', 'app/a': 'x' });
  await removeAll();
});

interface Look {
  project?: string;
  image?: object;
  sinceImages?: Record<string, string>;
  notes?: string[];
}

/** Opens the harness as a new process would. */
async function open({ project = PROJECT, image = {}, sinceImages = {}, notes = [] }: Look = {}) {
  const images = { app: { context: 'app', ...image } };
  writeFileSync(join(root, 'harness.config.json'), JSON.stringify({ project, images }));
  return openHarness({
    cwd: root,
    emit: (event) => {
      if (event.type !== 'note') return;
      refuseUncounted(event.message);
      notes.push(event.message);
    },
    env: { ...process.env, XDG_CACHE_HOME: join(root, 'cache') },
    sinceImages,
  });
}

/** @returns what was decided about the image, and why */
async function build(look: Look = {}): Promise<{ verdict: string; reason: string } | undefined> {
  const harness = await open(look);
  await harness.build();
  const [decided] = harness.results.builds;
  return decided && { verdict: decided.verdict, reason: decided.reason };
}

const look = async (options: Look = {}) => (await (await open(options)).cacheStatus()).images[0];

/** Builds an image on another one by hand, under the given name. */
async function derive(instructions: string, name: string): Promise<void> {
  plant(root, { 'derived/Dockerfile': `FROM ${REFERENCE}\n${instructions}\n`, 'derived/patch': 'patched' });
  await docker('buildx', 'build', '--quiet', '--load', '--provenance=false', '--tag', name, join(root, 'derived'));
}

async function commit(name: string): Promise<void> {
  const container = await docker('create', REFERENCE, 'none');
  try {
    await docker('commit', container, name);
  } finally {
    await docker('rm', container);
  }
}

const DERIVATIONS: [string, (name: string) => Promise<void>][] = [
  ['was committed from a container', commit],
  ['was built on the image with another layer', (name) => derive('COPY patch /', name)],
  ['was built on the image with a label only', (name) => derive('LABEL mine=yes', name)],
  ['was built on the image with a variable only', (name) => derive('ENV MINE=yes', name)],
];

describe('an image with the name of a configured one', () => {
  it.each(DERIVATIONS)('is stale if it %s', async (_, make) => {
    await build();
    const own = await idOf(REFERENCE);
    await make(REFERENCE);
    expect(await idOf(REFERENCE)).not.toBe(own);
    expect(await look()).toMatchObject({ verdict: 'stale', action: 'build', reason: INHERITED });
    expect(await build()).toEqual({ verdict: 'built', reason: INHERITED });
    expect(await idOf(REFERENCE)).toBe(own);
    expect(await build()).toMatchObject({ verdict: 'fresh' });
  });

  it('is fresh or stale by its inputs if it is an earlier build', async () => {
    await build();
    const first = await idOf(REFERENCE);
    await docker('tag', first, `${PROJECT}/app:first`);
    writeFileSync(join(root, 'app/a'), 'y');
    await build();
    await docker('tag', first, REFERENCE);
    expect(await build()).toMatchObject({ verdict: 'built', reason: expect.stringContaining('its inputs changed') });
    await docker('tag', first, REFERENCE);
    writeFileSync(join(root, 'app/a'), 'x');
    expect(await build()).toMatchObject({ verdict: 'fresh' });
    expect(await idOf(REFERENCE)).toBe(first);
  });

  it('is fresh in a fresh clone, without a build', async () => {
    await build();
    rmSync(join(root, '.harness'), { recursive: true });
    rmSync(join(root, 'cache'), { recursive: true, force: true });
    expect(await build()).toMatchObject({ verdict: 'fresh' });
    expect(await build()).toMatchObject({ verdict: 'fresh' });
  });

  it('is fresh on another machine, where it was loaded from an archive', async () => {
    await build();
    const archive = join(root, 'archive.tar');
    await docker('save', '--output', archive, REFERENCE);
    await docker('rmi', REFERENCE);
    await docker('load', '--input', archive);
    rmSync(join(root, '.harness'), { recursive: true });
    expect(await build()).toMatchObject({ verdict: 'fresh' });
  });

  it('is its own if it was built for a stage in the middle of a Dockerfile', async () => {
    plant(root, { 'app/Dockerfile': 'FROM scratch AS one\nCOPY a /\n# the other\nFROM one\nCOPY a /b\n' });
    await build({ image: { target: 'one' } });
    rmSync(join(root, '.harness'), { recursive: true });
    expect(await build({ image: { target: 'one' } })).toMatchObject({ verdict: 'fresh' });
  });

  it('has the same id after another build from the same inputs', async () => {
    await build();
    const own = await idOf(REFERENCE);
    await (await open()).build([], { force: true });
    expect(await idOf(REFERENCE)).toBe(own);
  });
});

describe('a cache image', () => {
  it.each(DERIVATIONS)('is not taken if it %s', async (_, make) => {
    await build();
    await make(THEIRS);
    await docker('rmi', REFERENCE);
    const notes: string[] = [];
    const since = { sinceImages: { app: THEIRS }, notes };
    expect(await look(since)).toMatchObject({ verdict: 'missing', action: 'build' });
    expect(notes).toContain(`image app: not using ${THEIRS}: ${INHERITED}`);
    expect(await build(since)).toMatchObject({ verdict: 'built' });
    expect(await idOf(REFERENCE)).not.toBe(await idOf(THEIRS));
  });
});

const TEN_MINUTES = 600_000; // the registry's image may have to be compiled

describe('a cache image in a registry', () => {
  let engine: DockerEngine;
  let registry: string;
  let repository: string;
  beforeAll(async () => {
    engine = await DockerEngine.connect(process.env);
    const image = await ensureRegistryImage(engine, { emit: () => undefined, env: process.env });
    const owner = { project: PROJECT, isNamed: true, directory: tmpdir() };
    const wanted = { project: PROJECT, cluster: PROJECT, owner, definition: 'd1', network: 'bridge' };
    registry = await createRegistry(engine, wanted, image, registrySettings());
    const { port, password } = await startRegistry(engine, registry);
    repository = `127.0.0.1:${port}/app`;
    vi.stubEnv('DOCKER_CONFIG', loggedIn(mkdtempSync(join(tmpdir(), 'docker-config-')), port, password));
  }, TEN_MINUTES);
  afterAll(async () => {
    rmSync(process.env['DOCKER_CONFIG'] ?? '', { recursive: true });
    vi.unstubAllEnvs();
    await removeRegistry(engine, registry);
  });

  /** Pushes an image as a build in CI would, and forgets everything about it here. */
  async function pushed(source: string, tag: string): Promise<string> {
    const name = `${repository}:${tag}`;
    await docker('tag', source, name);
    await docker('push', '--quiet', name);
    await removeAll();
    rmSync(join(root, '.harness'), { recursive: true });
    return name;
  }

  it('is taken if it was built from the same inputs', async () => {
    await build();
    const name = await pushed(REFERENCE, 'own');
    const since = { sinceImages: { app: name } };
    expect(await look(since)).toMatchObject({ verdict: 'missing', action: 'take' });
    expect(await exists(name)).toBe(false); // it was only looked at
    const reason = `taken from ${name}, which was built from the same inputs`;
    expect(await build(since)).toEqual({ verdict: 'fresh', reason });
    expect(await build()).toMatchObject({ verdict: 'fresh' });
  });

  it('is taken on a machine that does not have its base either', async () => {
    const base = repository.replace(/app$/, 'base:1');
    plant(root, { 'base/Dockerfile': 'FROM scratch\nCOPY b /\n', 'base/b': 'x' });
    await docker('buildx', 'build', '--quiet', '--load', '--provenance=false', '--tag', base, join(root, 'base'));
    await docker('push', '--quiet', base);
    plant(root, { 'app/Dockerfile': `FROM ${base}\nCOPY a /\nCMD ["/a"]\n` });
    await build();
    const name = await pushed(REFERENCE, 'on-base');
    await docker('rmi', '--force', base);
    const reason = `taken from ${name}, which was built from the same inputs`;
    expect(await build({ sinceImages: { app: name } })).toEqual({ verdict: 'fresh', reason });
    expect(await build()).toMatchObject({ verdict: 'fresh' });
    await docker('rmi', '--force', base);
  });

  it('is not even pulled if it was built on such an image', async () => {
    await build();
    await derive('COPY patch /', THEIRS);
    const name = await pushed(THEIRS, 'derived');
    const notes: string[] = [];
    expect(await build({ sinceImages: { app: name }, notes })).toMatchObject({ verdict: 'built' });
    expect(notes).toContain(`image app: not using ${name}: ${INHERITED}`);
    expect(await exists(name)).toBe(false);
  });
});

describe('clean', () => {
  // Sorted, because Docker lists images of the same time in any order.
  const theirs = async () =>
    (await docker('images', '--all', '--quiet', '--no-trunc', '--filter', 'label=mine', ...OF_THIS_PROJECT))
      .split('\n')
      .sort();

  it('removes what the harness built, and leaves what is built on it, with or without a name', async () => {
    await build();
    const first = await idOf(REFERENCE);
    await derive('LABEL mine=yes', THEIRS);
    await derive('LABEL mine=no', THEIRS.replace(/1$/, '2'));
    await derive('LABEL mine=2', THEIRS.replace(/1$/, '2')); // the one before has no name now
    const derived = await theirs();
    expect(derived).toHaveLength(3);
    writeFileSync(join(root, 'app/a'), 'y');
    await build();
    const second = await idOf(REFERENCE);
    writeFileSync(join(root, 'app/a'), 'z');
    await build();
    const { images, kept } = await (await open()).clean();
    expect(new Set(images)).toEqual(new Set([REFERENCE, second]));
    expect([await exists(REFERENCE), await exists(second), await exists(first)]).toEqual([false, false, true]);
    expect(await theirs()).toEqual(derived);
    const named = kept.map(({ image }) => image).filter((image) => !derived.includes(image));
    expect(new Set(named)).toEqual(new Set([THEIRS, THEIRS.replace(/1$/, '2'), first]));
    expect(kept.find(({ image }) => image === first)?.reason).toContain(`image ${THEIRS}`);
  });

  it('removes an image of whose sources another project has built one as well, and leaves that', async () => {
    const other = `${PROJECT}-other`;
    try {
      await build();
      await build({ project: other });
      expect(await (await open()).clean()).toMatchObject({ images: [REFERENCE], kept: [] });
      expect([await exists(REFERENCE), await exists(`${other}/app:dev`)]).toEqual([false, true]);
    } finally {
      await docker('rmi', `${other}/app:dev`);
    }
  });

  it('leaves an image with its name if another one is built on it', async () => {
    await build();
    await derive('LABEL mine=yes', THEIRS);
    const notes: string[] = [];
    expect(await (await open({ notes })).clean()).toMatchObject({ images: [] });
    expect([await exists(REFERENCE), await exists(THEIRS)]).toEqual([true, true]);
    expect(notes).toContain(`image ${REFERENCE} stays: image ${THEIRS} needs it`);
  });

  it('leaves names that the user gave, also below the name of the project', async () => {
    await build();
    const own = await idOf(REFERENCE);
    const release = `${PROJECT}/app:1.4.0`;
    for (const name of [THEIRS, release]) await docker('tag', REFERENCE, name);
    const notes: string[] = [];
    expect(await (await open({ notes })).clean()).toMatchObject({ images: [REFERENCE] });
    expect([await exists(REFERENCE), await idOf(THEIRS), await idOf(release)]).toEqual([false, own, own]);
    expect(notes.join('\n')).toContain(release);
    expect(notes.join('\n')).toContain(THEIRS);
  });

  it('leaves images of containers, running or stopped, and names these', async () => {
    await build();
    const named = await docker('create', '--name', `${PROJECT}-named`, REFERENCE);
    try {
      const first = await idOf(REFERENCE);
      const notes: string[] = [];
      await (await open({ notes })).clean();
      expect(await idOf(REFERENCE)).toBe(first);
      expect(notes).toContain(`image ${REFERENCE} stays: container ${PROJECT}-named needs it`);

      writeFileSync(join(root, 'app/a'), 'y');
      await build(); // the container's image has no name now
      await (await open({ notes })).prune();
      await (await open({ notes })).clean();
      expect([await exists(REFERENCE), await exists(first)]).toEqual([false, true]);
      expect(notes.filter((note) => note.includes(first))).toHaveLength(2);
    } finally {
      await docker('rm', named);
    }
  });
});

describe('prune', () => {
  it('removes a replaced build without a name, unless something is built on it', async () => {
    await build();
    const first = await idOf(REFERENCE);
    await derive('LABEL mine=yes', REFERENCE);
    const derived = await idOf(REFERENCE);
    await build();
    writeFileSync(join(root, 'app/a'), 'y');
    await build();
    const second = await idOf(REFERENCE);
    writeFileSync(join(root, 'app/a'), 'z');
    await build();
    const notes: string[] = [];
    expect((await (await open({ notes })).prune()).map(({ image }) => image)).toEqual([second]);
    expect([await exists(first), await exists(second), await exists(derived)]).toEqual([true, false, true]);
    expect(notes).toContain(`image ${first} stays: image ${derived} needs it`);

    await docker('rmi', derived);
    expect((await (await open()).prune()).map(({ image }) => image)).toEqual([first]);
  });
});

describe('what a killed run left', () => {
  it('goes with `clean` and with `prune`, and what a living process uses stays', async () => {
    const dead = JSON.stringify({ ...thisProcess(), pid: 999_999_999 }); // beyond the largest process id
    const probe = (owner: string) =>
      docker(
        'create',
        '--label',
        'kind-harness.probe=oom-score',
        '--label',
        `kind-harness.probe-owner=${owner}`,
        REFERENCE,
        '/a',
      );
    for (const collect of ['clean', 'prune'] as const) {
      await build();
      const state = join(root, '.harness', PROJECT);
      plant(state, { 'build/app-1/Dockerfile': '', 'build/app-1.owner': dead });
      plant(state, { 'build/app-2/Dockerfile': '', 'build/app-2.owner': JSON.stringify(thisProcess()) });
      plant(state, { 'contexts/gone.context.sent': '', 'built/app.json.7-x.tmp': '' });
      utimesSync(join(state, 'built/app.json.7-x.tmp'), 0, 0);
      const probes = [await probe(dead), await probe(JSON.stringify(thisProcess()))];
      try {
        await (await open())[collect]();
        const left = await Promise.all(probes.map(async (id) => (await tryRun(['docker', 'inspect', id])).exitCode));
        expect(left).toEqual([1, 0]);
      } finally {
        await tryRun(['docker', 'rm', ...probes]);
      }
      const files = readdirSync(state, { recursive: true, encoding: 'utf8' });
      expect(files.filter((path) => /app-1|gone|tmp$/.test(path))).toEqual([]);
      expect(files).toContain('build/app-2/Dockerfile');
    }
  });
});
