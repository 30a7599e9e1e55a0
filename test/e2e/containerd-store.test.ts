import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HarnessConfig } from '../../src/config/define.ts';
import { DockerEngine } from '../../src/docker/engine.ts';
import { tryRun } from '../../src/machine/process.ts';
import { ensureNodeImage } from '../../src/system-images/node-image.ts';
import { readPassword } from '../../src/registry/credential.ts';
import { ensureRegistryImage } from '../../src/system-images/registry-image.ts';
import type { Run } from './support/command.ts';
import { program } from './support/program.ts';
import { loggedIn } from '../support/docker-config.ts';
import { startSecondDocker, whyNoSecondDocker, type SecondDocker } from './support/second-docker.ts';
import { suite, type Project } from './support/suite.ts';
import { docker } from './support/tools.ts';

const MB = 1_000_000;
const obstacle = await whyNoSecondDocker();

const TITLE = 'a daemon with the containerd store';
if (obstacle === undefined) describe(TITLE, tests);
else it.skip(`${TITLE} (${obstacle})`, () => expect.unreachable());

/**
 * Loads from Docker's containerd image store. There, the engine's id of an image differs from the
 * id in the nodes.
 */
function tests(): void {
  const all = suite('containerd');
  const node = `${all.name}-control-plane`;
  const registry = `${all.name}-registry`;
  let second: SecondDocker;
  let firstBefore: object;

  const inNode = (...argv: string[]) => second.docker('exec', node, ...argv);
  const loads = (run: Run) => run.summary.loads.map(({ verdict }) => verdict);
  const load = async (project: Project) => loads(await project.must('load-if-needed'));
  /** The registry's port, and a configuration of Docker's client that is logged in to it. */
  const registryOf = async ({ directory }: Project) => {
    const port = (await second.docker('port', registry, '5000')).replace(/.*:/, '');
    const password = (await readPassword(DockerEngine.of(second.start.env ?? {}), registry)) ?? '';
    return { port, login: loggedIn(directory, port, password) };
  };
  const idInDocker = (reference: string) => second.docker('image', 'inspect', '--format', '{{.Id}}', reference);

  /** What must not change in the machine's own daemon: its bridge and a running container. */
  async function first(): Promise<object> {
    const bridge = await tryRun(['ip', '-oneline', '-4', 'address', 'show', 'docker0']);
    return {
      bridge: bridge.stdout,
      witness: await docker('inspect', '--format', '{{.Id}} {{json .State}}', `${all.name}-witness`),
    };
  }

  /** The id of an image in a node's runtime, which is the digest of its configuration. */
  async function idInNode(reference: string): Promise<string> {
    const { status } = JSON.parse(await inNode('crictl', 'inspecti', '-o', 'json', `docker.io/${reference}`)) as {
      status: { id: string };
    };
    return status.id;
  }

  function project(name: string, config: HarnessConfig = {}): Project {
    const made = all.project(name, config, second.start);
    made.write('app/Dockerfile', 'FROM scratch\nCOPY weight /weight\nCOPY program /program\nENTRYPOINT ["/program"]\n');
    made.write('app/weight', randomBytes(3 * MB));
    made.write('app/program', program(`${name}: first build`));
    return made;
  }

  async function built(name: string, config: HarnessConfig = {}): Promise<Project> {
    const made = project(name, config);
    await made.must('build-if-needed');
    return made;
  }

  /** Builds a project's image by hand, without the harness. */
  async function byHand({ directory, reference }: Project, ...flags: string[]): Promise<void> {
    await second.docker('buildx', 'build', '--load', ...flags, '--tag', reference, join(directory, 'app'));
  }

  beforeAll(async () => {
    const witness = all.project('witness');
    await witness.must('build-if-needed');
    await docker('run', '--detach', '--name', `${all.name}-witness`, witness.reference);
    firstBefore = await first();

    const engine = await DockerEngine.connect(process.env);
    const quiet = { emit: () => undefined, env: process.env };
    const nodeImage = await ensureNodeImage(engine, quiet);
    const registryImage = (await engine.image(await ensureRegistryImage(engine, quiet)))?.tags[0] ?? '';
    second = await startSecondDocker(join(all.directory, 'docker'), { features: { 'containerd-snapshotter': true } });
    await second.copy(nodeImage.reference);
    await second.copy(registryImage);
    await project('first').must('up');
  });

  afterAll(async () => {
    const started = second as SecondDocker | undefined; // undefined if `beforeAll` failed earlier
    let cleaned: Run | undefined;
    try {
      if (started) cleaned = await project('last').run('clean');
    } finally {
      await started?.stop();
    }
    const firstAfter = await first().finally(() => docker('rm', '--force', `${all.name}-witness`));
    expect(cleaned?.summary, `${cleaned?.stdout}${cleaned?.stderr}`).toMatchObject({ ok: true });
    expect(firstAfter).toEqual(firstBefore);
  });

  it('loads an image once, and only what changed after the next build', async () => {
    const app = await built('once');
    expect((await second.engine.image(app.reference))?.inContainerd).toBe(true);
    const [whole] = (await app.must('load-if-needed')).summary.loads;
    expect(whole).toMatchObject({ verdict: 'transferred' });
    expect(whole?.bytes).toBeGreaterThan(3 * MB);
    expect(await idInNode(app.reference)).not.toBe(await idInDocker(app.reference));

    const again = await app.must('load-if-needed');
    expect(again.summary.loads).toMatchObject([{ verdict: 'present', bytes: 0 }]);
    expect((await app.must('cache-status')).summary.images?.[0]?.nodes).toEqual({ [node]: 'present' });

    app.write('app/program', program('once: second build'));
    await app.must('build-if-needed');
    const [change] = (await app.must('load-if-needed')).summary.loads;
    expect(change).toMatchObject({ verdict: 'transferred' });
    expect(change?.bytes).toBeLessThan(0.1 * MB);
    expect(change?.pushed).toBeLessThan(0.1 * MB);
    expect(await load(app)).toEqual(['present']);
  });

  it('tells the sizes of unpacked layers, whatever the store counts', async () => {
    const app = project('sizes');
    app.write('app/weight', Buffer.alloc(3 * MB));
    app.configure({ images: { app: { context: 'app', tag: app.reference, maxSize: '2 MB' } } });
    const { summary } = await app.run('build-if-needed');
    expect(summary.error).toMatchObject({
      code: 'TOO_LARGE',
      detail: expect.stringMatching(/^3\.0 MB {2}app\/Dockerfile:2 {2}COPY weight \/weight$/m),
    });
    expect((await second.engine.image(app.reference))?.size).toBeLessThan(MB); // what is packed
  });

  it('deploys what was built, and restarts nothing if nothing changed', async () => {
    const app = project('deployed');
    const kubectl = (...args: string[]) =>
      inNode('kubectl', '--kubeconfig=/etc/kubernetes/admin.conf', `--namespace=${app.namespace}`, ...args);
    await app.must('test-cached');
    expect(await kubectl('logs', 'deployment/app')).toBe('deployed: first build');
    const pods = await kubectl('get', 'pods', '--output=name');
    expect(loads(await app.must('test-cached'))).toEqual(['present']);
    expect(await kubectl('get', 'pods', '--output=name')).toBe(pods);
  });

  it('loads and restarts nothing after an edit that no step takes', async () => {
    const app = project('kept');
    const kubectl = (...args: string[]) =>
      inNode('kubectl', '--kubeconfig=/etc/kubernetes/admin.conf', `--namespace=${app.namespace}`, ...args);
    await app.must('test-cached');
    const pods = await kubectl('get', 'pods', '--output=name');
    app.write('app/notes', 'a file that is in the context only');
    const { builds, loads } = (await app.must('test-cached')).summary;
    expect(builds).toMatchObject([{ verdict: 'built', sameResult: true }]);
    expect(loads).toMatchObject([{ verdict: 'present' }]);
    expect(await kubectl('get', 'pods', '--output=name')).toBe(pods);
    expect((await app.must('test-cached')).summary.builds).toMatchObject([{ verdict: 'fresh' }]);
  });

  // With attestations or several platforms, the image is an index, and its id does not show what a
  // node runs.
  const builds: [string, string[]][] = [
    ['with provenance', ['--provenance=mode=max']],
    ['for several platforms', ['--platform=linux/amd64,linux/arm64']],
  ];
  describe.each(['registry', 'archive'] as const)('through %s', (transport) => {
    it('only tags the image for another name of it', async () => {
      const app = await built(`renamed-${transport}`, { load: { transport } });
      expect(await load(app)).toEqual(['transferred']);
      expect(await load(app)).toEqual(['present']);
      const other = app.reference.replace(/:dev$/, ':other');
      await second.docker('tag', app.reference, other);
      app.configure({ images: { app: { context: 'app', tag: other } } });
      expect((await app.must('load-if-needed')).summary.loads).toMatchObject([{ verdict: 'tagged', bytes: 0 }]);
      expect(await idInNode(other)).toBe(await idInNode(app.reference));
    });

    it.each(builds)('does not repeat the load of an image %s', async (kind, flags) => {
      const app = project(`${transport}-${kind.replaceAll(' ', '-')}`, { load: { transport } });
      await byHand(app, ...flags);
      expect(await load(app)).toEqual(['transferred']);
      expect(await load(app)).toEqual(['present']);
      const id = await idInNode(app.reference);
      const index = await idInDocker(app.reference);
      await byHand(app, ...flags);
      expect(await idInDocker(app.reference)).not.toBe(index); // its attestations differ
      expect(await load(app)).toEqual(['present']);

      await byHand(app, ...flags, '--no-cache', '--label=another=build');
      expect(await load(app)).toEqual(['transferred']);
      expect(await load(app)).toEqual(['present']);
      expect(await idInNode(app.reference)).not.toBe(id);
    });

    it('loads one platform if Docker lacks the others', async () => {
      const app = project(`pulled-${transport}`, { load: { transport: 'registry' } });
      await byHand(app, '--platform=linux/amd64,linux/arm64');
      await app.must('load-if-needed');
      const index = await idInDocker(app.reference);
      const { port, login } = await registryOf(app);
      const source = `127.0.0.1:${port}/kind-harness:${index.replace('sha256:', '')}`;
      await second.docker('rmi', app.reference);
      await second.docker('builder', 'prune', '--all', '--force');
      await second.docker('--config', login, 'pull', source);
      await second.docker('tag', source, app.reference);
      await second.docker('rmi', source);
      expect(await idInDocker(app.reference)).toBe(index);
      expect(await load(app)).toEqual(['present']);

      await second.docker('rm', '--force', '--volumes', registry);
      await inNode('crictl', 'rmi', `docker.io/${app.reference}`);
      app.configure({ load: { transport } });
      expect(await load(app)).toEqual(['transferred']);
      expect(await load(app)).toEqual(['present']);
    });
  });

  it('loads what was built, whatever has been pushed under its tag in the registry', async () => {
    const [app, other] = [project('planted', { load: { transport: 'registry' } }), project('planted-other')];
    await byHand(app);
    other.write('app/program', program('planted'));
    await byHand(other);
    await app.must('load-if-needed');
    const id = await idInNode(app.reference);
    await inNode('crictl', 'rmi', `docker.io/${app.reference}`);
    const { port, login } = await registryOf(app);
    const tag = `127.0.0.1:${port}/kind-harness:${(await idInDocker(app.reference)).replace('sha256:', '')}`;
    await second.docker('tag', other.reference, tag);
    await second.docker('--config', login, 'push', tag);
    await second.docker('rmi', tag);
    expect(await load(app)).toEqual(['transferred']);
    expect(await idInNode(app.reference)).toBe(id);
  });

  it('distinguishes the images in one archive', async () => {
    const app = project('together', { load: { transport: 'archive' } });
    const names = ['a', 'b', 'c'];
    const image = (name: string) => ({
      context: 'app',
      dockerfile: `app/${name}.Dockerfile`,
      tag: `${all.name}/together-${name}:dev`,
    });
    for (const name of names)
      app.write(`app/${name}.Dockerfile`, `FROM scratch\nCOPY weight /weight\nCOPY ${name}.Dockerfile /x\n`);
    app.write('app/weight', randomBytes(30 * MB)); // takes long enough that the others arrive in the meantime
    app.configure({ images: Object.fromEntries(names.map((name) => [name, image(name)])) });
    await app.must('build-if-needed');
    const run = await app.must('load-if-needed');
    expect(loads(run)).toEqual(names.map(() => 'transferred'));
    const bytes = run.summary.loads.reduce((sum, load) => sum + load.bytes, 0);
    expect(bytes).toBeGreaterThan(60 * MB); // once with the first image, once with the others
    expect(bytes).toBeLessThan(61 * MB);
    expect(await load(app)).toEqual(names.map(() => 'present'));
    expect(new Set(await Promise.all(names.map((name) => idInNode(image(name).tag)))).size).toBe(names.length);
  });
}
