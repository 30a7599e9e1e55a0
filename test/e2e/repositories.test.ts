import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { HarnessConfig } from '../../src/config/define.ts';
import { decode, encode, newestRelease } from '../../src/helm/release-record.ts';
import { openAccess } from '../../src/kubernetes/access.ts';
import { kubeList, kubeRequest, type KubeObject } from '../../src/kubernetes/api.ts';
import { deleteAndWait } from '../../src/kubernetes/delete.ts';
import type { Run } from './support/command.ts';
import { logOf, podsIn } from './support/pods.ts';
import { program } from './support/program.ts';
import { deployment, suite, type Project } from './support/suite.ts';
import { vitestProject } from './support/vitest-project.ts';

/**
 * Small but complete repositories in shapes that people have: from nothing to green, a run in which
 * nothing changed, and a change of one line to green. They share a cluster.
 */
const all = suite('repositories');

/** A copy of a directory of `repositories/`, with images of this suite. */
function repository(name: string): Project {
  const source = join(import.meta.dirname, 'repositories', name);
  const config = JSON.parse(readFileSync(join(source, 'harness.config.json'), 'utf8')) as HarnessConfig;
  const images = Object.entries(config.images ?? {}).map(([image, settings]) => [
    image,
    { ...settings, tag: `${all.name}/${name}-${image}:dev` },
  ]);
  const { manifests: _, ...project } = all.project(name).config;
  const copy = all.project(name, {
    ...project,
    ...config,
    images: Object.fromEntries(images) as NonNullable<HarnessConfig['images']>,
  });
  copy.configure({ manifests: [] });
  cpSync(source, copy.directory, { recursive: true, filter: (path) => !path.endsWith('harness.config.json') });
  return copy;
}

beforeAll(async () => {
  await repository('umbrella').must('setup'); // builds Helm, where it is missing
});

/** How the steps of a deployment ended: `done` or `skipped` each. */
const ends = ({ events }: Run) =>
  events.flatMap((event) =>
    event.type === 'step' && event.id.startsWith('deploy:') && event.state !== 'start' && event.state !== 'progress'
      ? [event.state]
      : [],
  );

/** What the running pods printed, by their `app` label. */
async function logs({ kubeconfig, namespace }: Project): Promise<Record<string, string>> {
  const pods = (await podsIn(kubeconfig, namespace)).filter(({ metadata }) => metadata?.labels?.['app']);
  const entries = pods.map(async (pod) => [pod.metadata?.labels?.['app'] ?? '', await logOf(kubeconfig, pod)]);
  return Object.fromEntries(await Promise.all(entries)) as Record<string, string>;
}

describe('an umbrella chart with hooks, definitions and a chart next to it', () => {
  const shop = repository('umbrella');

  it('is deployed from nothing, and not again while nothing changes', async () => {
    shop.write('api/program', program('first build'));
    shop.write('migrate/program', program('migrated', 0));
    expect(ends(await shop.must('test-cached'))).toEqual(['done']);
    expect(await logs(shop)).toEqual({ api: 'first build' });
    expect(ends(await shop.must('test-cached'))).toEqual(['skipped']);
    const release = await newestRelease(await openAccess(shop.kubeconfig), shop.namespace, 'shop');
    expect(release).toMatchObject({ status: 'deployed', revision: 1, hooks: [{ kind: 'Job', name: 'shop-migrate' }] });
  });

  it('runs the new build of an image under the same tag', async () => {
    shop.write('api/program', program('second build'));
    expect(ends(await shop.must('test-cached'))).toEqual(['done']);
    expect(await logs(shop)).toEqual({ api: 'second build' });
  });

  it('is deployed again after a line of the chart next to it changed, or somebody deleted an object', async () => {
    shop.write('charts/api/values.yaml', 'image: { repository: x, tag: x, pullPolicy: IfNotPresent }\n');
    expect(ends(await shop.must('test-cached'))).toEqual(['done']);
    const path = `/apis/apps/v1/namespaces/${shop.namespace}/deployments/shop-api`;
    const kube = await openAccess(shop.kubeconfig);
    await deleteAndWait(kube, path, await kubeRequest<KubeObject>(kube, 'GET', path));
    expect(ends(await shop.must('test-cached'))).toEqual(['done']);
    expect(await logs(shop)).toEqual({ api: 'second build' });
  });

  it('would change field by field what `deploy --diff` prints, and `deploy` changes it', async () => {
    expect((await shop.plain('deploy', '--diff')).stdout).toContain('nothing would change');
    shop.write('charts/api/values.yaml', 'image: { repository: x, tag: x, pullPolicy: Never }\nport: 81\n');
    const template = readFileSync(join(shop.directory, 'charts/api/templates/deployment.yaml'), 'utf8');
    shop.write('charts/api/templates/deployment.yaml', template.replace('port: 80', 'port: {{ .Values.port }}'));
    const { stdout } = await shop.plain('deploy', '--diff');
    expect(stdout).toContain(`  ~ Service shop-api in ${shop.namespace}`);
    expect(stdout).toContain('spec.ports');
    expect((await shop.plain('deploy', '--dry-run')).stdout).toMatch(/deploy +helm release shop +deploy\[0\]/);
    expect(ends(await shop.must('deploy'))).toEqual(['done']);
    expect(ends(await shop.must('test-cached'))).toEqual(['skipped']);
  });

  it('is explained with the log of a hook that fails, and deployed once that is corrected', async () => {
    shop.write('migrate/program', program('no such table: orders', 3));
    const { summary, exitCode } = await shop.run('test-cached');
    expect(exitCode).toBe(3);
    expect(summary.error).toMatchObject({
      code: 'DEPLOY',
      message: 'deploy[0] (helm release shop): Helm could not deploy release shop.',
    });
    expect(summary.error?.detail).toContain('BackoffLimitExceeded');
    expect(summary.error?.detail).toContain('no such table: orders');
    shop.write('migrate/program', program('migrated', 0));
    await shop.must('test-cached');
  });

  it('is taken up after Helm was killed in an upgrade', async () => {
    const kube = await openAccess(shop.kubeconfig);
    const release = await newestRelease(kube, shop.namespace, 'shop');
    const path = `/api/v1/namespaces/${shop.namespace}/secrets/${release?.secret}`;
    const secret = await kubeRequest<KubeObject & { data: { release: string } }>(kube, 'GET', path);
    const payload = decode(secret.data.release);
    const status = 'pending-upgrade';
    await kubeRequest(kube, 'PATCH', path, {
      contentType: 'application/merge-patch+json',
      body: {
        metadata: { labels: { status } },
        data: { release: encode({ ...payload, info: { ...payload.info, status } }) },
      },
    });
    const run = await shop.must('test-cached');
    expect(run.notes).toContain(`revision ${release?.revision} of helm release shop was left pending-upgrade`);
    expect(await newestRelease(kube, shop.namespace, 'shop')).toMatchObject({
      status: 'deployed',
      revision: (release?.revision ?? 0) + 1,
    });
  });
});

describe('a kustomize base with an overlay', () => {
  const overlays = repository('overlays');

  it('is deployed from nothing, and not again while nothing changes', async () => {
    overlays.write('app/program', program('first build'));
    expect(ends(await overlays.must('test-cached'))).toEqual(['done']);
    expect(await logs(overlays)).toEqual({ app: 'first build' });
    expect(ends(await overlays.must('test-cached'))).toEqual(['skipped']);
  });

  it('is deployed again after a line of the base changed', async () => {
    const [before] = await podsIn(overlays.kubeconfig, overlays.namespace);
    overlays.write('base/settings.properties', 'colour=blue\n');
    expect(ends(await overlays.must('test-cached'))).toEqual(['done']);
    const [after] = await podsIn(overlays.kubeconfig, overlays.namespace);
    expect(after?.metadata?.name).not.toBe(before?.metadata?.name);
  });

  it("that is wrong is reported in kustomize's words, with its place", async () => {
    overlays.write('overlays/test/kustomization.yaml', 'resources: [../../bse]\n');
    const { summary, exitCode } = await overlays.run('test-cached');
    expect(exitCode).toBe(3);
    expect(summary.error?.message).toMatch(/^deploy\[0\] \(kustomize test\): kustomize could not render /);
    expect(summary.error?.detail).toContain('bse');
  });
});

describe('a program that prints objects', () => {
  const printed = repository('printed');

  it('is run from nothing, and not again while its inputs stay the same', async () => {
    printed.write('app/program', program('first build'));
    expect(ends(await printed.must('test-cached'))).toEqual(['done', 'done']);
    expect(await logs(printed)).toEqual({ red: 'first build', blue: 'first build' });
    expect(ends(await printed.must('test-cached')).at(-1)).toBe('skipped');
  });

  it('is run again after one of its inputs changed', async () => {
    const render = readFileSync(join(printed.directory, 'render.sh'), 'utf8');
    printed.write('render.sh', render.replace('red blue', 'red blue green'));
    await printed.must('test-cached');
    expect(Object.keys(await logs(printed)).sort()).toEqual(['blue', 'green', 'red']);
  });

  it('that fails is reported with its words and its place, and what was applied before it stays', async () => {
    printed.write('render.sh', 'echo "RUNTIME ERROR: no such field" >&2; exit 4\n');
    const { summary, exitCode, notes } = await printed.run('test-cached');
    expect(exitCode).toBe(3);
    expect(summary.error).toMatchObject({
      code: 'DEPLOY',
      message: 'deploy[1] (output of sh): `sh render.sh` failed with exit code 4.',
      detail: 'RUNTIME ERROR: no such field',
    });
    expect(notes).toContain('what was applied before deploy[1] stays: deploy[0] (manifests)');
    const path = `/api/v1/namespaces/${printed.namespace}/configmaps/plain`;
    expect(await kubeRequest<KubeObject>(await openAccess(printed.kubeconfig), 'GET', path)).toBeDefined();
  });
});

describe("the fixtures' apply", () => {
  it("takes steps into a test's own namespace, and leaves nothing behind", async () => {
    const image = { context: 'app', tag: `${all.name}/fixtures-app:dev` };
    const project = vitestProject(all, 'fixtures', { 'steps.ts': 'steps.test.ts' }, { images: { app: image } });
    project.write('app/Dockerfile', 'FROM scratch\nCOPY program /program\nENTRYPOINT ["/program"]\n');
    project.write('chart/Chart.yaml', 'apiVersion: v2\nname: own\nversion: 1.0.0\n');
    const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', rules: [] };
    project.write(
      'chart/templates/role.yaml',
      stringify({ ...role, metadata: { name: '{{ .Release.Namespace }}-reader' } }),
    );
    project.write('chart/templates/web.yaml', stringify(deployment('web', { image: '{{ .Values.image }}' })));
    project.write('overlay/kustomization.yaml', 'namePrefix: test-\nresources: [settings.yaml]\n');
    const settings = (name: string) => stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
    project.write('overlay/settings.yaml', settings('settings'));
    project.write('printed.yaml', settings('printed'));
    const { summary, output } = await project.must('test-cached');
    expect(summary.tests, output).toEqual({ passed: 2, failed: 0, skipped: 0 });
    const path = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
    const { items } = await kubeList<KubeObject>(await openAccess(project.kubeconfig), path);
    expect(items.map(({ metadata }) => metadata.name).filter((name) => name.endsWith('-reader'))).toEqual([]);
  });
});
