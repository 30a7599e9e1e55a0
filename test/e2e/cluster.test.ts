import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { DockerEngine } from '../../src/docker/engine.ts';
import { listTags } from '../../src/registry/client.ts';
import { readPassword } from '../../src/registry/credential.ts';
import { HARNESS } from './support/command.ts';
import { podsIn } from './support/pods.ts';
import { program } from './support/program.ts';
import { pod, suite, type Project } from './support/suite.ts';
import { docker, dockerLines, eventually } from './support/tools.ts';

/** Clusters of several nodes, and the life of a cluster between runs. */
const all = suite('cluster', 3);
const nodes = ['control-plane', 'worker', 'worker2'].map((role) => `${all.name}-${role}`);
const [, worker] = nodes as [string, string, string];

const containers = async () =>
  (await dockerLines('ps', '--all', '--quiet', '--filter', `label=io.x-k8s.kind.cluster=${all.name}`)).sort();
const inNode = (node: string, ...argv: string[]) => docker('exec', node, ...argv);

/** Builds a project's image and loads it into all nodes. */
async function loaded(name: string): Promise<Project> {
  const project = all.project(name);
  await project.must('up');
  await project.must('build-if-needed');
  await project.must('load-if-needed');
  return project;
}

function loadsByNode(loads: { node: string; verdict: string }[]): Record<string, string> {
  return Object.fromEntries(loads.map(({ node, verdict }) => [node, verdict]));
}

beforeAll(async () => {
  await all.project('first').must('up');
});

describe('three nodes', () => {
  it('all get the image and run its pod', async () => {
    const project = all.project('spread');
    const everywhere = pod([{ image: 'app' }], { tolerations: [{ operator: 'Exists' }] });
    project.manifest({
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: 'app' },
      spec: {
        selector: { matchLabels: { app: 'app' } },
        template: { metadata: { labels: { app: 'app' } }, spec: everywhere },
      },
    });
    const { summary } = await project.must('test-cached');
    expect(loadsByNode(summary.loads)).toEqual(Object.fromEntries(nodes.map((node) => [node, 'transferred'])));
    const pods = await podsIn(project.kubeconfig, project.namespace);
    expect(pods.map((each) => each.spec?.nodeName).sort()).toEqual([...nodes].sort());
    expect((await project.must('cache-status')).summary.images).toMatchObject([
      { verdict: 'fresh', nodes: Object.fromEntries(nodes.map((node) => [node, 'present'])) },
    ]);
  });

  it('are checked one by one: an image that one node has lost is loaded into that node only', async () => {
    const project = await loaded('lost');
    await inNode(worker, 'crictl', 'rmi', `docker.io/${project.reference}`);
    expect((await project.must('cache-status')).summary.images?.[0]?.nodes).toMatchObject({
      [worker]: 'missing',
      [nodes[0]!]: 'present',
    });
    const { summary } = await project.must('load-if-needed');
    expect(loadsByNode(summary.loads)).toEqual(
      Object.fromEntries(nodes.map((node) => [node, node === worker ? 'transferred' : 'present'])),
    );
  });

  it('are asked again only if something in them has changed', async () => {
    const project = await loaded('remembered');
    const memory = join(project.directory, '.harness', all.name, 'nodes', `${worker}.json`);
    const inWorker = async () => (await project.must('cache-status')).summary.images?.[0]?.nodes[worker];
    // The answer is not remembered until some time after a change.
    await eventually("the worker's images are remembered", async () => {
      expect(await inWorker()).toBe('present');
      return existsSync(memory) && readFileSync(memory, 'utf8').includes(project.reference);
    });
    const crictl = await inNode(worker, 'which', 'crictl');
    await inNode(worker, 'mv', crictl, `${crictl}.away`);
    try {
      expect(await inWorker()).toBe('present');
    } finally {
      await inNode(worker, 'mv', `${crictl}.away`, crictl);
    }
    await inNode(worker, 'crictl', 'rmi', `docker.io/${project.reference}`);
    expect(await inWorker()).toBe('missing');
  });

  it('get only the name if they have the image under another name', async () => {
    const project = await loaded('renamed');
    const name = `docker.io/${project.reference}`;
    const other = name.replace(/:dev$/, ':other');
    await inNode(worker, 'ctr', '--namespace=k8s.io', 'images', 'tag', name, other);
    await inNode(worker, 'ctr', '--namespace=k8s.io', 'images', 'rm', name);
    // The node's runtime notices both a moment later.
    await eventually('the node knows only the other name', async () => {
      const images = await inNode(worker, 'crictl', 'images', '-o', 'json');
      return images.includes(other) && !images.includes(`"${name}"`);
    });
    const { summary } = await project.must('load-if-needed');
    expect(loadsByNode(summary.loads)).toEqual(
      Object.fromEntries(nodes.map((node) => [node, node === worker ? 'tagged' : 'present'])),
    );
    expect(await inNode(worker, 'crictl', 'images', '-o', 'json')).toContain(`"${name}"`);
  });

  it('all get the image again on request', async () => {
    const project = await loaded('forced');
    const { summary } = await project.must('load');
    expect(loadsByNode(summary.loads)).toEqual(Object.fromEntries(nodes.map((node) => [node, 'transferred'])));
  });
});

describe('a second process on the cluster', () => {
  it('waits, and reports which process it waits for', async () => {
    const first = all.project('slow', {
      tests: { command: ['sh', '-c', 'echo testing; while ! [ -e go ]; do sleep 0.1; done'] },
    });
    await first.must('up');
    const running = first.start('test-cached');
    await running.event((event) => event.type === 'output' && event.line === 'testing');
    const second = all.project('hasty');
    const waiting = second.start('build-if-needed');
    await waiting.event(
      (event) => event.type === 'note' && event.message.includes(`harness test-cached (process ${running.child.pid})`),
    );
    // A command that changes nothing does not wait.
    expect((await second.run('status')).summary).toMatchObject({ ok: true, state: 'running' });
    first.write('go', '');
    expect((await running.ended).exitCode).toBe(0);
    expect((await waiting.ended).summary).toMatchObject({ ok: true, builds: [{ verdict: 'built' }] });
  });

  it('that a test starts ends at once, instead of waiting for its own run', async () => {
    const script = '"$0" "$1" load-if-needed --json > nested; echo "nested ended with $?"; tail -1 nested';
    const project = all.project('nested', { tests: { command: ['sh', '-c', script, ...HARNESS] } });
    const { output } = await project.must('test-cached');
    expect(output).toContain('nested ended with 3');
    expect(output).toMatch(
      /"code":"LOCKED","message":"This command would wait for its own parent: harness test-cached/,
    );
  });

  it('of another project is refused', async () => {
    const stranger = all.project('stranger', { project: 'another-project', cluster: { name: all.name, nodes: 3 } });
    await all.project('owner').must('up');
    for (const command of ['up', 'down', 'stop']) {
      const { summary, exitCode } = await stranger.run(command);
      expect(exitCode).toBe(3);
      expect(summary.error).toMatchObject({ code: 'CLUSTER_FOREIGN', message: expect.stringContaining(all.name) });
    }
  });
});

describe('between runs', () => {
  it('a cluster is stopped and started, and keeps its containers', async () => {
    const project = all.project('rest');
    await project.must('up');
    const before = await containers();
    expect((await project.must('stop')).summary).toMatchObject({ stopped: 3 });
    expect((await project.must('status')).summary).toMatchObject({ cluster: all.name, state: 'stopped' });
    expect((await project.run('load-if-needed')).summary.error?.code).toBe('CLUSTER');
    const { events } = await project.must('up');
    expect(events).toContainEqual(
      expect.objectContaining({ id: 'cluster', state: 'done', title: expect.stringContaining('started') }),
    );
    expect(await containers()).toEqual(before);
    const { summary } = await project.must('status');
    expect(summary).toMatchObject({ state: 'running', kubeconfig: project.kubeconfig });
    expect((summary['nodes'] as { name: string }[]).map(({ name }) => name).sort()).toEqual([...nodes].sort());
  });

  it('a cluster whose definition changed is recreated, and the reason is reported', async () => {
    const project = all.project('changed');
    await project.must('up');
    const before = await containers();
    project.configure({ cluster: { nodes: 2 } });
    project.write('app/program', program('of no other test')); // so that the registry does not have it
    const { event, ended } = project.start('test-cached');
    await event((each) => each.type === 'step' && each.id === 'cluster' && each.state === 'done');
    const port = (await docker('port', `${all.name}-registry`, '5000')).split(':').at(-1);
    const password = (await readPassword(DockerEngine.of(process.env), `${all.name}-registry`)) ?? '';
    const stored = await listTags({ port: Number(port), password });
    const { summary, notes } = await ended;
    expect(summary).toMatchObject({ ok: true });
    // The image was pushed before the cluster could be used.
    expect(stored).toContain(
      (await docker('image', 'inspect', '--format={{.Id}}', project.reference)).replace('sha256:', ''),
    );
    expect(notes).toMatch(/recreating cluster \S+: its definition changed: nodes/);
    // A new cluster has no images.
    expect(summary.loads.map(({ verdict }) => verdict)).toEqual(['transferred', 'transferred']);
    const after = await containers();
    expect(after).toHaveLength(2);
    expect(before).not.toEqual(expect.arrayContaining(after));
    const [again] = (await project.must('up')).events.filter(
      (event) => event.type === 'step' && event.state === 'skipped',
    );
    expect(again).toMatchObject({ title: `cluster ${all.name} is running` });
  });
});
