import { createHash, randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { LoadSummary } from '../../src/core/summary.ts';
import { DockerEngine } from '../../src/docker/engine.ts';
import { archiveTransport } from '../../src/loading/archive-transport.ts';
import type { Run } from './support/command.ts';
import { onlyPod } from './support/pods.ts';
import { program } from './support/program.ts';
import { deployment, suite, type Project } from './support/suite.ts';
import { docker, dockerLines, eventually } from './support/tools.ts';

/** Loads through the local registry, into two nodes. */
const all = suite('registry', 2);
const nodes = [`${all.name}-control-plane`, `${all.name}-worker`] as const;
const [controlPlane, worker] = nodes;
const registry = `${all.name}-registry`;
const MB = 1_000_000;

const inNode = (node: string, ...argv: string[]) => docker('exec', node, ...argv);
const namesIn = async (node: string) =>
  (await inNode(node, 'ctr', '--namespace=k8s.io', 'images', 'ls', '-q')).split('\n');
const titles = (run: Run) =>
  run.events.flatMap((event) => (event.type === 'step' && 'title' in event ? event.title : [])).join('\n');
const loadsOf = (run: Run, image: string): LoadSummary[] =>
  // nodes are in no fixed order
  run.summary.loads.filter((load) => load.image === image).sort((a, b) => a.node.localeCompare(b.node));

/** A project whose image has an incompressible layer of 3 MB, and the program in a layer above. */
function heavy(name: string): Project {
  const project = all.project(name);
  project.write(
    'app/Dockerfile',
    'FROM scratch\nCOPY weight /weight\nCOPY program /program\nENTRYPOINT ["/program"]\n',
  );
  project.write('app/weight', randomBytes(3 * MB));
  project.write('app/program', program(`${name}: first build`));
  return project;
}

async function built(name: string): Promise<Project> {
  const project = heavy(name);
  await project.must('build-if-needed');
  return project;
}

/** Changes the program and builds the image. */
async function changed(project: Project, message: string): Promise<void> {
  project.write('app/program', program(message));
  await project.must('build-if-needed');
}

/** Removes the file system of an image that the node still lists, as after a failed load. */
async function loseContent(node: string, reference: string): Promise<void> {
  const layers = await dockerLines(
    'image',
    'inspect',
    '--format',
    '{{range .RootFS.Layers}}{{println .}}{{end}}',
    reference,
  );
  const top = layers.reduce(
    (below, layer) => `sha256:${createHash('sha256').update(`${below} ${layer}`).digest('hex')}`,
  );
  await inNode(node, 'ctr', '--namespace=k8s.io', 'snapshots', 'rm', top);
}

beforeAll(async () => {
  await all.project('first').must('up');
});

describe('a load through the registry', () => {
  it('transfers only what changed: once to the registry, and once to each node', async () => {
    const project = await built('bytes');
    const first = await project.must('load-if-needed');
    expect(loadsOf(first, 'app').map(({ node, verdict }) => ({ node, verdict }))).toEqual(
      nodes.map((node) => ({ node, verdict: 'transferred' })),
    );
    for (const { bytes, pushed } of loadsOf(first, 'app')) {
      expect(bytes).toBeGreaterThan(3 * MB);
      expect(bytes).toBeLessThan(3.2 * MB);
      expect(pushed).toBe(bytes);
    }
    expect(titles(first)).toContain(`node ${worker} (3.0 MB of 3.0 MB)`);

    await changed(project, 'bytes: second build');
    const second = await project.must('load-if-needed');
    for (const { bytes, pushed } of loadsOf(second, 'app')) {
      expect(bytes).toBeGreaterThan(0);
      expect(bytes).toBeLessThan(0.1 * MB);
      expect(pushed).toBe(bytes);
    }
    expect(titles(second)).toMatch(new RegExp(`node ${worker} \\(\\d kB of 3.0 MB\\)`));
    expect(second.notes).toBe('');

    const third = await project.must('load-if-needed');
    expect(loadsOf(third, 'app')).toMatchObject(nodes.map((node) => ({ node, verdict: 'present', bytes: 0 })));
  });

  it('pushes nothing if only one node lacks the image', async () => {
    const project = await built('lost');
    await project.must('load-if-needed');
    await inNode(worker, 'crictl', 'rmi', `docker.io/${project.reference}`);
    const run = await project.must('load-if-needed');
    expect(loadsOf(run, 'app').find(({ node }) => node === controlPlane)).toMatchObject({ verdict: 'present' });
    expect(loadsOf(run, 'app').find(({ node }) => node === worker)).toMatchObject({
      verdict: 'transferred',
      pushed: 0,
    });
  });

  it('results in the image as built, under its name, with no other name in Docker or the nodes', async () => {
    const project = await built('names');
    await project.must('test-cached');
    const id = await docker('image', 'inspect', '--format', '{{.Id}}', project.reference);
    // prettier-ignore
    expect(await dockerLines('image', 'inspect', '--format', '{{range .RepoTags}}{{println .}}{{end}}{{range .RepoDigests}}{{println .}}{{end}}', id)).toEqual([project.reference]);
    for (const node of nodes) {
      expect(await inNode(node, 'crictl', 'inspecti', `docker.io/${project.reference}`)).toContain(`"id": "${id}"`);
      expect((await namesIn(node)).filter((name) => name.includes('kind-harness-registry'))).toEqual([]);
    }
    expect((await onlyPod(project.kubeconfig, project.namespace)).log).toBe('names: first build');
  });

  it('only tags the image if the node has it under another name', async () => {
    const project = await built('renamed');
    await project.must('load-if-needed');
    const reference = project.reference.replace(/:dev$/, ':other');
    project.configure({ images: { app: { context: 'app', tag: reference } } });
    await project.must('build-if-needed');
    const run = await project.must('load-if-needed');
    expect(loadsOf(run, 'app')).toMatchObject(nodes.map((node) => ({ node, verdict: 'tagged', bytes: 0 })));
    for (const node of nodes) expect(await namesIn(node)).toContain(`docker.io/${reference}`);
  });

  it('transfers a layer that two images share only once, in parallel loads', async () => {
    const project = heavy('shared');
    const lines = ['FROM scratch', 'COPY weight /weight', 'COPY program /program', 'ENTRYPOINT ["/program"]'];
    project.write('app/one.Dockerfile', `${lines.join('\n')}\nCOPY one.Dockerfile /x\n`);
    project.write('app/two.Dockerfile', `${lines.join('\n')}\nCOPY two.Dockerfile /x\n`);
    project.configure({
      images: {
        one: { context: 'app', dockerfile: 'app/one.Dockerfile' },
        two: { context: 'app', dockerfile: 'app/two.Dockerfile' },
      },
    });
    await project.must('build-if-needed');
    const run = await project.must('load-if-needed');
    expect(run.notes).toBe('');
    expect(run.summary.loads).toHaveLength(4);
    for (const node of nodes) {
      const loads = run.summary.loads.filter((load) => load.node === node);
      const bytes = loads.reduce((sum, load) => sum + load.bytes, 0);
      expect(bytes).toBeGreaterThan(3 * MB);
      expect(bytes).toBeLessThan(3.2 * MB);
    }
    expect((await project.must('cache-status')).summary.images?.flatMap((image) => Object.values(image.nodes))).toEqual(
      Array<string>(4).fill('present'),
    );
  });

  it('is repeated for an image that is listed but has lost its content', async () => {
    const project = await built('broken');
    await project.must('load-if-needed');
    await loseContent(worker, project.reference);
    expect(await inNode(worker, 'crictl', 'images')).toContain(project.reference.replace(/:dev$/, ''));
    expect((await project.must('cache-status')).summary.images?.[0]?.nodes).toEqual({
      [controlPlane]: 'present',
      [worker]: 'missing',
    });
    const run = await project.must('load-if-needed');
    expect(Object.fromEntries(loadsOf(run, 'app').map(({ node, verdict }) => [node, verdict]))).toEqual({
      [controlPlane]: 'present',
      [worker]: 'transferred',
    });
    await project.must('test-cached');
    expect((await onlyPod(project.kubeconfig, project.namespace)).log).toBe('broken: first build');
  });
});

describe('a registry that', () => {
  const damages: [string, () => Promise<unknown>, RegExp][] = [
    ['was removed', () => docker('rm', '--force', '--volumes', registry), /created/],
    ['was stopped', () => docker('stop', registry), /started/],
    ['was killed', () => docker('kill', registry), /started/],
    ['does not answer', () => docker('pause', registry), /recreated \(it did not answer\)/],
    [
      'lost its network',
      () => docker('network', 'disconnect', 'kind', registry),
      /recreated \(it is not on the network kind alone\)/,
    ],
  ];
  it.each(damages)('%s is repaired by the next load', async (name, damage, title) => {
    const project = await built(`damage-${name.replaceAll(' ', '-')}`);
    await project.must('load-if-needed');
    await damage();
    await changed(project, `${name}: second build`);
    const run = await project.must('load-if-needed');
    expect(titles(run)).toMatch(title);
    expect(run.notes).toBe('');
    expect(loadsOf(run, 'app')).toMatchObject(nodes.map((node) => ({ node, verdict: 'transferred' })));
    // the registry may have lost layers, but the nodes have not
    for (const { bytes } of loadsOf(run, 'app')) expect(bytes).toBeLessThan(0.1 * MB);
  });

  it('a node cannot reach is reported, and that node gets the whole image; without `auto` it is an error', async () => {
    const project = await built('unreachable');
    const rule = ['OUTPUT', '--protocol', 'tcp', '--dport', '5000', '--jump', 'REJECT'];
    for (const tables of ['iptables', 'ip6tables']) await inNode(worker, tables, '--insert', ...rule);
    try {
      const run = await project.must('load-if-needed');
      expect(run.notes).toContain(
        `loading through the registry failed, sending the whole image to ${worker} instead: Node ${worker} could not pull`,
      );
      expect(loadsOf(run, 'app').map(({ node, verdict, pushed }) => [node, verdict, pushed !== undefined])).toEqual([
        [controlPlane, 'transferred', true],
        [worker, 'transferred', false],
      ]);
      project.configure({ load: { transport: 'registry' } });
      await changed(project, 'unreachable: second build');
      expect((await project.run('load-if-needed')).summary).toMatchObject({ exitCode: 3, error: { code: 'LOAD' } });
    } finally {
      for (const tables of ['iptables', 'ip6tables']) await inNode(worker, tables, '--delete', ...rule);
    }
    await project.must('load-if-needed');
  });
});

describe('the archive', () => {
  it('is read once for all nodes, and also repairs damaged images', async () => {
    const project = await built('archive');
    project.configure({ load: { transport: 'archive' } });
    const run = await project.must('load-if-needed');
    expect(run.notes).toBe('');
    for (const load of loadsOf(run, 'app')) {
      expect(load).toMatchObject({ verdict: 'transferred' });
      expect(load.bytes).toBeGreaterThan(3 * MB);
      expect(load).not.toHaveProperty('pushed');
    }
    await loseContent(worker, project.reference);
    expect(loadsOf(await project.must('load-if-needed'), 'app')).toMatchObject([
      { verdict: 'present' },
      { verdict: 'transferred' },
    ]);
    await project.must('test-cached');
    expect((await onlyPod(project.kubeconfig, project.namespace)).log).toBe('archive: first build');
  });

  it('contains shared layers once for all images that wait during the first transfer', async () => {
    const project = heavy('together');
    project.write('app/weight', randomBytes(30 * MB)); // takes long enough that the others arrive in the meantime
    const names = ['a', 'b', 'c', 'd', 'e'];
    const image = (name: string) => ({
      context: 'app',
      dockerfile: `app/${name}.Dockerfile`,
      tag: `${all.name}/together-${name}:dev`,
    });
    const reference = (name: string) => `docker.io/${image(name).tag}`;
    const lines = ['FROM scratch', 'COPY weight /weight', 'COPY program /program', 'ENTRYPOINT ["/program"]'];
    for (const name of names)
      project.write(`app/${name}.Dockerfile`, `${lines.join('\n')}\nCOPY ${name}.Dockerfile /x\n`);
    project.configure({
      images: Object.fromEntries(names.map((name) => [name, image(name)])),
      load: { transport: 'archive' },
    });
    project.manifest(...names.map((name) => deployment(name, { image: name })));
    await project.must('build-if-needed');
    const before = await Promise.all(nodes.map(namesIn));

    const run = await project.must('load-if-needed');
    expect(run.notes).toBe('');
    for (const [index, node] of nodes.entries()) {
      const loads = run.summary.loads.filter((load) => load.node === node);
      expect(loads.map(({ image, verdict }) => `${image} ${verdict}`).sort()).toEqual(
        names.map((name) => `${name} transferred`),
      );
      const bytes = loads.reduce((sum, load) => sum + load.bytes, 0);
      expect(bytes).toBeGreaterThan(60 * MB); // once with the first image, once with the others
      expect(bytes).toBeLessThan(61 * MB);
      const ids = await Promise.all(
        names.map((name) => docker('image', 'inspect', '--format', '{{.Id}}', image(name).tag)),
      );
      const added = (await namesIn(node)).filter((name) => !before[index]?.includes(name));
      expect(added.sort()).toEqual([...names.map(reference), ...ids].sort());
      for (const [i, name] of names.entries())
        expect(await inNode(node, 'crictl', 'inspecti', reference(name))).toContain(`"id": "${ids[i]}"`);
    }
    const next = await project.must('test-cached');
    expect(next.summary.loads.map(({ verdict }) => verdict)).toEqual(
      Array<string>(names.length * nodes.length).fill('present'),
    );
  });

  it('leaves out an image that was removed in the meantime', async () => {
    const project = await built('gone');
    const engine = await DockerEngine.connect(process.env);
    const image = (await engine.image(project.reference))!;
    const references = ['dev', 'gone', 'other'].map((tag) => project.reference.replace(/dev$/, tag));
    await docker('tag', project.reference, references[2]!);
    const transport = archiveTransport(engine);
    const send = (reference: string) =>
      transport.send({ reference, name: `docker.io/${reference}`, image }, [{ node: worker }]).get(worker)!;
    const [first, removed, other] = await Promise.allSettled(references.map(send));
    expect(removed).toMatchObject({
      reason: {
        code: 'LOAD',
        message: expect.stringMatching(`could not save ${references[1]}: .*reference does not exist`),
      },
    });
    for (const result of [first, other]) expect(result).toMatchObject({ status: 'fulfilled' });
    const names = await namesIn(worker);
    expect(references.map((reference) => names.includes(`docker.io/${reference}`))).toEqual([true, false, true]);
  });

  it('is aborted when it makes no progress', async () => {
    const project = await built('stalled');
    const engine = await DockerEngine.connect(process.env);
    const image = (await engine.image(project.reference))!;
    const request = { reference: project.reference, name: `docker.io/${project.reference}`, image };
    await inNode(worker, 'pkill', '-STOP', '-x', 'containerd');
    try {
      const transfers = archiveTransport(engine, 2000).send(request, [{ node: worker }]);
      await expect(transfers.get(worker)).rejects.toMatchObject({
        code: 'LOAD',
        message: `Loading ${project.reference} into ${worker} made no progress for 2.0 s.`,
      });
    } finally {
      await inNode(worker, 'pkill', '-CONT', '-x', 'containerd');
    }
    await eventually(
      'no import is left in the node',
      async () => !(await inNode(worker, 'ps', '-eo', 'args')).includes('images import'),
    );
    expect(await namesIn(worker)).not.toContain(request.name);
    await project.must('test-cached');
  });
});

describe('the registry', () => {
  it('is deleted with the cluster unless `keep` is set; a foreign one is neither used nor removed', async () => {
    const project = await built('life');
    project.configure({ registry: { keep: true } });
    await project.must('down');
    expect(await dockerLines('ps', '--quiet', '--filter', `name=^${registry}$`)).toHaveLength(1);
    project.configure({ registry: { keep: false } });
    await project.must('down');
    expect(await dockerLines('ps', '--all', '--quiet', '--filter', `name=^${registry}$`)).toEqual([]);

    const foreign = await docker('create', '--name', registry, project.reference);
    try {
      const up = await project.must('up');
      expect(up.notes).toContain(`Refusing to touch container ${registry}: this harness did not create it.`);
      expect(loadsOf(await project.must('load-if-needed'), 'app')).toMatchObject(
        nodes.map((node) => ({ node, verdict: 'transferred' })),
      );
      project.configure({ load: { transport: 'registry' } });
      await changed(project, 'life: second build');
      expect((await project.run('load-if-needed')).summary).toMatchObject({
        exitCode: 3,
        error: { code: 'CLUSTER_FOREIGN' },
      });
      await project.must('down');
      expect(await docker('inspect', '--format', '{{.Id}}', registry)).toBe(foreign);
    } finally {
      await docker('rm', foreign);
    }
  });

  it('stops and starts with the cluster', async () => {
    const project = all.project('pauses');
    await project.must('up');
    await project.must('stop');
    await eventually(
      'the registry has stopped',
      async () => (await docker('inspect', '--format', '{{.State.Running}}', registry)) === 'false',
    );
    expect(titles(await project.must('up'))).toContain(`registry ${registry} started`);
  });
});
