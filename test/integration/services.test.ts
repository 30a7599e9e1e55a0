import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { LABELS } from '../../src/core/labels.ts';
import { run, tryRun } from '../../src/machine/process.ts';
import { bringServicesUp, removeServices } from '../../src/services/bring-up.ts';
import { openSession } from '../../src/session.ts';
import { program } from '../e2e/support/program.ts';
import { plant, scratch } from '../support/scratch.ts';

/** The data of service containers, without a cluster: another container stands for its node. */

const PROJECT = `coretest-services-${process.pid}`;
const IMAGE = `${PROJECT}/store:1`;
const NODE = `${PROJECT}-node`;
const CONTAINER = `${PROJECT}-service-store`;

const docker = async (...argv: string[]) => (await run(['docker', ...argv])).stdout.trim();
const lines = async (...argv: string[]) => (await docker(...argv)).split('\n').filter((line) => line !== '');
const idOf = (container: string) => docker('inspect', '--format', '{{.Id}}', container);
const exists = async (container: string) => (await tryRun(['docker', 'inspect', container])).exitCode === 0;
const volumes = () => lines('volume', 'ls', '--quiet', '--filter', `label=${LABELS.project}=${PROJECT}`);

async function buildImage(directory: string, message: string): Promise<void> {
  const dockerfile = 'FROM scratch\nCOPY program /program\nVOLUME /data\nENTRYPOINT ["/program"]\n';
  writeFileSync(join(directory, 'Dockerfile'), dockerfile);
  writeFileSync(join(directory, 'program'), program(message), { mode: 0o755 });
  await docker('buildx', 'build', '--quiet', '--load', '--provenance=false', '--tag', IMAGE, directory);
}

let root: string;
let env: NodeJS.ProcessEnv;
let notes: string[];

interface Settings {
  directory?: string;
  /** Whether the configuration sets `project`. Otherwise the directory has its name. */
  isNamed?: boolean;
  service?: object;
  services?: object;
}

/** Opens a session as a new process would. */
async function open({ directory = root, isNamed = true, service = {}, services }: Settings = {}) {
  const store = { image: IMAGE, ports: [7000], env: { WORD: { env: 'WORD' } }, ready: { log: 'talking' }, ...service };
  const config = { ...(isNamed ? { project: PROJECT } : {}), services: services ?? { store } };
  writeFileSync(join(directory, 'harness.config.json'), JSON.stringify(config));
  return openSession({
    config: await loadConfig(directory),
    env,
    emit: (event) => event.type === 'note' && notes.push(event.message),
    signal: new AbortController().signal,
  });
}

async function up(settings: Settings = {}): Promise<string> {
  const session = await open(settings);
  const node = {
    name: NODE,
    containerId: NODE,
    role: 'control-plane' as const,
    running: true,
    created: 0,
    image: IMAGE,
  };
  await bringServicesUp(session, [node]);
  return (await exists(CONTAINER)) ? idOf(CONTAINER) : '';
}

async function writeRow(text: string): Promise<void> {
  writeFileSync(join(root, 'row'), text);
  await docker('cp', join(root, 'row'), `${CONTAINER}:/data/row`);
}

async function readRow(): Promise<string> {
  const { stdout } = await run(['docker', 'cp', `${CONTAINER}:/data/row`, '-']);
  return stdout.slice(512).replace(/\0/g, '').trim(); // after the header of the archive
}

async function removeAll(): Promise<void> {
  const containers = await lines('ps', '--all', '--quiet', '--filter', `label=${LABELS.project}=${PROJECT}`);
  if (containers.length > 0) await docker('rm', '--force', '--volumes', ...containers);
  const left = await volumes();
  if (left.length > 0) await docker('volume', 'rm', ...left);
}

const images = mkdtempSync(join(tmpdir(), 'kind-harness-services-'));
beforeAll(async () => {
  await buildImage(images, 'talking');
  await docker('create', '--name', NODE, '--network', 'bridge', IMAGE);
});
beforeEach(async () => {
  await removeAll();
  root = scratch();
  notes = [];
  env = { ...process.env, WORD: 'first', XDG_CACHE_HOME: join(root, 'cache') };
});
afterAll(async () => {
  await removeAll();
  await docker('rm', '--force', '--volumes', NODE);
  await tryRun(['docker', 'rmi', '--force', IMAGE]);
  rmSync(images, { recursive: true });
});

describe('the data of a service', () => {
  it('survive a lost cache directory and a variable that is not set: the container is kept', async () => {
    const container = await up();
    await writeRow('one');
    rmSync(join(root, 'cache'), { recursive: true, force: true });
    delete env['WORD'];
    expect(await up()).toBe(container);
    expect(notes).toEqual(['service store keeps its earlier value of WORD, which is not set now']);
    await docker('stop', '--time', '0', container);
    expect(await up()).toBe(container);
    expect(await readRow()).toBe('one');
  });

  it('survive another value, other settings and another image: the container is replaced', async () => {
    let container = await up();
    await writeRow('two');
    const replaced = async (reason: string, settings: Settings = {}) => {
      const before = container;
      container = await up(settings);
      expect(container).not.toBe(before);
      expect(notes.at(-1)).toMatch(new RegExp(`^service store: recreating \\(${reason} changed\\); its data stay in `));
      expect(await readRow()).toBe('two');
    };
    env['WORD'] = 'second';
    await replaced('WORD');
    await replaced('its settings', { service: { ports: [7001] } });
    await buildImage(images, 'still talking');
    await replaced('its image', { service: { ports: [7001] } });
  });

  it('survive the removal of the container, until they are to be removed', async () => {
    await up();
    await writeRow('three');
    await removeServices(await open(), { volumes: false });
    expect(await exists(CONTAINER)).toBe(false);
    const [volume] = await volumes();
    expect(notes.at(-1)).toBe(`the data of services stay in ${volume}; remove them with \`--volumes\``);
    await up();
    expect(await readRow()).toBe('three');

    await up({ services: {} });
    expect(await exists(CONTAINER)).toBe(false);
    await up();
    expect(await readRow()).toBe('three');

    await removeServices(await open(), { volumes: true });
    expect([await exists(CONTAINER), await volumes()]).toEqual([false, []]);
  });

  it('are taken over from a container of an earlier version', async () => {
    const labels = { [LABELS.project]: PROJECT, [LABELS.cluster]: PROJECT, [LABELS.service]: 'store' };
    const flags = Object.entries(labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]);
    await docker('run', '--detach', '--name', CONTAINER, ...flags, '--label', `${LABELS.definition}=a1`, IMAGE);
    await writeRow('four');
    const anonymous = await docker('inspect', '--format', '{{(index .Mounts 0).Name}}', CONTAINER);
    await up();
    expect(await readRow()).toBe('four');
    await removeServices(await open(), { volumes: true });
    expect((await tryRun(['docker', 'volume', 'inspect', anonymous])).exitCode).not.toBe(0);
  });
});

describe('services of another project', () => {
  it('with the same name in another directory are refused, with both places, and nothing is removed', async () => {
    const places = ['one', 'two'].map((name) => join(root, name, PROJECT));
    const [one = '', two = ''] = places;
    places.forEach((place) => plant(place, { x: '' }));
    await up({ directory: one, isNamed: false });
    const both = `Refusing to touch container ${CONTAINER}: it belongs to the project ${PROJECT} in ${one}, and this is ${two}.`;
    const foreign = { code: 'CLUSTER_FOREIGN', message: both };
    await expect(up({ directory: two, isNamed: false })).rejects.toMatchObject(foreign);
    const session = await open({ directory: two, isNamed: false });
    await expect(removeServices(session, { volumes: true })).rejects.toMatchObject(foreign);
    await removeServices(await open({ directory: one, isNamed: false }), { volumes: false });

    await removeServices(session, { volumes: true });
    const [volume] = await volumes();
    await expect(up({ directory: two, isNamed: false })).rejects.toMatchObject({
      code: 'CLUSTER_FOREIGN',
      message: expect.stringContaining(`volume ${volume}: it belongs to the project ${PROJECT} in ${one}`),
    });
    await removeServices(await open({ directory: one, isNamed: false }), { volumes: true });
    expect(await volumes()).toEqual([]);
  });
});
