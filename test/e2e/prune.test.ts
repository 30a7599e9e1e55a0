import { randomBytes } from 'node:crypto';
import { beforeAll, expect, it } from 'vitest';
import { DockerEngine } from '../../src/docker/engine.ts';
import type { Pruned } from '../../src/pruning/pruned.ts';
import { listTags } from '../../src/registry/client.ts';
import { readPassword } from '../../src/registry/credential.ts';
import type { Run } from './support/command.ts';
import { logOf, onlyPod, podsIn } from './support/pods.ts';
import { program } from './support/program.ts';
import { suite, type Project } from './support/suite.ts';
import { docker, dockerLines, eventually } from './support/tools.ts';

/** Removes replaced images, and nothing else. */
const all = suite('prune');
const nodes = [`${all.name}-control-plane`];
const registry = `${all.name}-registry`;
const MB = 1_000_000;

const inNode = (node: string, ...argv: string[]) => docker('exec', node, ...argv);
const idsIn = async (node: string) => (await inNode(node, 'crictl', 'images', '--quiet', '--no-trunc')).split('\n');
const idOf = (reference: string) => docker('image', 'inspect', '--format', '{{.Id}}', reference);
const tagsInRegistry = async () => {
  const port = Number((await docker('port', registry, '5000')).replace(/.*:/, ''));
  const password = (await readPassword(DockerEngine.of(process.env), registry)) ?? '';
  return (await listTags({ port, password })).map((tag) => `sha256:${tag}`);
};
const nodesWith = async (id: string) => {
  const lists = await Promise.all(nodes.map(async (node) => ({ node, ids: await idsIn(node) })));
  return lists.flatMap(({ node, ids }) => (ids.includes(id) ? [node] : []));
};
const pruned = (run: Run, key: 'removed' | 'due') => run.summary[key] as Pruned[];
const places = (items: Pruned[], image: string) =>
  items.flatMap((item) => (item.image.includes(image) ? [item.place] : [])).sort();

/** Changes the program and builds it. @returns the image's id */
async function built(project: Project, message: string): Promise<string> {
  project.write('app/program', program(message));
  await project.must('build-if-needed');
  return idOf(project.reference);
}

function projectWithWeight(name: string): Project {
  const project = all.project(name);
  project.write('app/Dockerfile', 'FROM scratch\nCOPY weight /\nCOPY program /program\nENTRYPOINT ["/program"]\n');
  project.write('app/weight', randomBytes(2 * MB));
  return project;
}

beforeAll(async () => {
  await all.project('first').must('up');
});

it('a load removes the images that it replaces from nodes and registry, once no pod runs them', async () => {
  const project = projectWithWeight('replaced');
  const first = await built(project, 'first');
  await project.must('test-cached');
  expect(await nodesWith(first)).toEqual(nodes);
  expect(await tagsInRegistry()).toContain(first);

  const second = await built(project, 'second');
  await project.must('load-if-needed');
  const { pod, log } = await onlyPod(project.kubeconfig, project.namespace);
  expect(log).toBe('first');
  expect(await nodesWith(first)).toEqual([pod.spec?.nodeName]); // the pod's container may have to be restarted

  await project.must('test-cached');
  await eventually(
    'the earlier pod has ended',
    async () => (await podsIn(project.kubeconfig, project.namespace)).length === 1,
  );
  await eventually('its container is removed', async () => {
    const containers = await inNode(pod.spec?.nodeName ?? '', 'crictl', 'ps', '--all', '-o', 'json');
    return !containers.includes(first);
  });
  const third = await built(project, 'third');
  const run = await project.must('test-cached');
  expect(run.notes).toBe('');
  expect(await nodesWith(first)).toEqual([]);
  expect(await nodesWith(third)).toEqual(nodes);
  expect(await tagsInRegistry()).toContain(third);
  expect(await tagsInRegistry()).not.toContain(first);
  expect((await onlyPod(project.kubeconfig, project.namespace)).log).toBe('third');
  expect(await idOf(second)).toBe(second); // the one in Docker stays until `prune`
});

it('prune lists what it will remove with sizes, and removes nothing that is used, configured or not ours', async () => {
  const project = projectWithWeight('spare');
  const first = await built(project, 'spare: first');
  await project.must('test-cached');
  // An image of the user with all of our labels, tagged by hand.
  const own = `their/${all.name}:1`;
  await docker('tag', project.reference, own);
  for (const node of nodes)
    await inNode(
      node,
      'ctr',
      '--namespace=k8s.io',
      'images',
      'tag',
      `docker.io/${project.reference}`,
      `docker.io/${own}`,
    );
  try {
    const second = await built(project, 'spare: second');
    await project.must('load-if-needed');
    const third = await built(project, 'spare: third');
    await project.must('load-if-needed');
    // Another image: its name is removed from the configuration afterwards.
    const extra = project.reference.replace(/:dev$/, ':extra');
    const { images } = project.config;
    project.write('extra/Dockerfile', 'FROM scratch\nCOPY weight /\n');
    project.write('extra/weight', randomBytes(3 * MB));
    project.configure({ images: { ...images, extra: { context: 'extra', tag: extra } } });
    await project.must('build-if-needed');
    await project.must('load-if-needed');
    project.configure(images === undefined ? {} : { images });

    const dry = pruned(await project.must('prune', '--dry-run'), 'due');
    const extraId = await idOf(extra);
    const everywhere = nodes.map((node) => `node ${node}`);
    expect(places(dry, extra)).toEqual(everywhere);
    expect(places(dry, extraId)).toEqual(['registry']);
    expect(places(dry, second)).toEqual(['Docker', ...everywhere, 'registry']);
    expect(places(dry, first)).toEqual(['registry']);
    expect(places(dry, third)).toEqual([]);
    expect(places(dry, own)).toEqual([]);
    for (const item of dry.filter(({ image }) => [extra, extraId].some((name) => image.includes(name)))) {
      expect(item.bytes).toBeGreaterThan(3 * MB - 1);
      expect(item.bytes).toBeLessThan(3.1 * MB);
    }
    expect(await nodesWith(extraId)).toEqual(nodes);

    expect(pruned(await project.must('prune'), 'removed')).toEqual(dry);
    expect([...(await nodesWith(extraId)), ...(await nodesWith(second))]).toEqual([]);
    expect(await nodesWith(first)).toEqual(nodes); // it has the user's name
    expect(await idOf(own)).toBe(first);
    expect(await idOf(extra)).toBe(extraId); // names in Docker belong to the user
    expect(
      await dockerLines('images', '--quiet', '--no-trunc', '--filter', `label=dev.kind-harness.inputs`),
    ).not.toContain(second);
    expect(pruned(await project.must('prune'), 'removed')).toEqual([]);

    const run = await project.must('test-cached');
    expect(run.summary).toMatchObject({ loads: nodes.map(() => ({ verdict: 'present' })) });
    const [pod] = await podsIn(project.kubeconfig, project.namespace);
    expect(await logOf(project.kubeconfig, pod!)).toBe('spare: third');
    await inNode(nodes[0]!, 'crictl', 'inspecti', `docker.io/${own}`);
  } finally {
    await docker('rmi', own);
  }
});
