import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { HarnessConfig } from '../../src/config/define.ts';
import { decode, encode, newestRelease } from '../../src/helm/release-record.ts';
import { openAccess } from '../../src/kubernetes/access.ts';
import { kubeFind, kubeList, kubeRequest, type KubeObject } from '../../src/kubernetes/api.ts';
import { deleteAndWait } from '../../src/kubernetes/delete.ts';
import type { Run } from './support/command.ts';
import { logOf, onlyPod, podsIn, replaceImage } from './support/pods.ts';
import { program } from './support/program.ts';
import { deployment, suite, type Project } from './support/suite.ts';
import { eventually } from './support/tools.ts';
import { vitestProject } from './support/vitest-project.ts';

/**
 * Small but complete repositories in shapes that people have: from nothing to green, a run in which
 * nothing changed, and a change of one line to green. They share a cluster.
 */
const all = suite('repositories');

const REPOSITORIES = join(import.meta.dirname, 'repositories');

/** A copy of a directory of `repositories/`, with images of this suite. */
function repository(name: string): Project {
  const { manifests: _, ...settings } = all.project(name).config;
  const copy = all.project(name, { ...settings, manifests: [], ...configuration(name, 'harness.config.json') });
  const source = join(REPOSITORIES, name);
  cpSync(source, copy.directory, { recursive: true, filter: (path) => !path.endsWith('.config.json') });
  return copy;
}

function configuration(name: string, file: string): HarnessConfig {
  const config = JSON.parse(readFileSync(join(REPOSITORIES, name, file), 'utf8')) as HarnessConfig;
  const images = Object.entries(config.images ?? {}).map(([image, settings]) => [
    image,
    { ...settings, tag: `${all.name}/${name}-${image}:dev` },
  ]);
  return { ...config, images: Object.fromEntries(images) as NonNullable<HarnessConfig['images']> };
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

  it('has a part in what the tests must meet, also when it was not run again', async () => {
    printed.write('gate', '');
    printed.configure({ tests: { command: ['sh', '-c', 'echo testing; while [ -e gate ]; do sleep 0.1; done'] } });
    const running = printed.start('test-cached');
    await running.event((event) => event.type === 'output' && event.line.includes('testing'));
    await replaceImage(printed, 'localhost/someone/else:1', 'red');
    rmSync(join(printed.directory, 'gate'));
    const run = await running.ended;
    expect(ends(run).at(-1)).toBe('skipped');
    expect(run.summary).toMatchObject({ exitCode: 3, tests: null, error: { code: 'NOT_CURRENT' } });
    expect(run.summary.error?.detail).toMatch(/container app of pod red-\S+ runs localhost\/someone\/else:1/);
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

describe('an operator with a definition, a webhook and a custom resource', () => {
  const operator = repository('operator');
  const shop = (changes: object) =>
    operator.write('k8s/a-shop.yaml', stringify({ ...SHOP, spec: { ...SHOP.spec, ...changes } }));

  it('is deployed from nothing at the first go, and not again while nothing changes', async () => {
    operator.write('worker/program', program('first build'));
    await operator.must('test-cached');
    expect(await workers(operator, 1)).toEqual(['first build']);
    expect(applied(await operator.must('test-cached'))).toEqual([]);
  });

  it('acts on a changed line of the custom resource, and on a new build of its image', async () => {
    shop({ size: 2 });
    expect(applied(await operator.must('test-cached'))).toEqual(['Shop books']);
    expect(await workers(operator, 2)).toEqual(['first build', 'first build']);
    operator.write('worker/program', program('second build'));
    await operator.must('test-cached');
    expect(await workers(operator, 2)).toEqual(['second build', 'second build']);
  });

  it("is restarted when its settings change, and judges by them, in the webhook's words", async () => {
    const manifest = readFileSync(join(operator.directory, 'k8s/operator.yaml'), 'utf8');
    operator.write('k8s/operator.yaml', manifest.replace("LARGEST: '2'", "LARGEST: '1'"));
    await operator.must('test-cached');
    shop({ size: 3 });
    const { summary, exitCode } = await operator.run('test-cached');
    expect(exitCode).toBe(3);
    expect(summary.error?.message).toContain('Could not apply Shop books (k8s/a-shop.yaml)');
    expect(summary.error?.message).toContain('a shop has at most 1 workers');
    shop({ size: 1 });
    await operator.must('test-cached');
    expect(await workers(operator, 1)).toEqual(['second build']);
  });
});

const SHOP = {
  apiVersion: 'example.com/v1',
  kind: 'Shop',
  metadata: { name: 'books' },
  spec: { image: 'worker', size: 1 },
};

/** What the pods of the shop print, once there are so many. */
function workers({ kubeconfig, namespace }: Project, size: number): Promise<string[]> {
  return eventually(`there are ${size} workers`, async () => {
    const pods = (await podsIn(kubeconfig, namespace)).filter(({ metadata }) => metadata?.labels?.['app'] === 'books');
    const isReady = pods.every(({ status }) => status?.phase === 'Running');
    return pods.length === size && isReady ? Promise.all(pods.map((pod) => logOf(kubeconfig, pod))) : undefined;
  });
}

/** The objects that a run has sent to the server. */
const applied = ({ events }: Run) =>
  events.flatMap((event) =>
    event.type === 'step' && event.state === 'progress' ? (/^applying (.*)/.exec(event.detail)?.[1] ?? []) : [],
  );

describe('two configurations in a repository', () => {
  const shop = repository('monorepo');
  const file = 'billing.config.json';
  const billing = all.project('billing');
  shop.write(file, JSON.stringify({ ...shop.config, ...configuration('monorepo', file) }));
  const podOf = async ({ namespace }: Project) => onlyPod(shop.kubeconfig, namespace);

  it('are deployed from nothing side by side, and not again while nothing changes', async () => {
    shop.write('shop/app/program', program('shop'));
    shop.write('billing/app/program', program('billing'));
    await Promise.all([shop.must('test-cached'), shop.must('test-cached', '--config', file)]);
    expect([(await podOf(shop)).log, (await podOf(billing)).log]).toEqual(['shop', 'billing']);
    expect(applied(await shop.must('test-cached'))).toEqual([]);
  });

  it('leave each other alone when a line of one changes', async () => {
    const before = await podOf(shop);
    shop.write('billing/app/program', program('billing again'));
    await shop.must('test-cached', '--config', file);
    expect((await podOf(billing)).log).toBe('billing again');
    expect((await podOf(shop)).pod.metadata?.uid).toBe(before.pod.metadata?.uid);
  });

  it('keep what both apply until both have dropped it', async () => {
    const path = '/api/v1/namespaces/common/configmaps/settings';
    const kube = await openAccess(shop.kubeconfig);
    shop.configure({ manifests: 'shop/k8s' });
    await shop.must('test-cached');
    expect(await kubeFind(kube, path)).toBeDefined();
    shop.write(file, JSON.stringify({ ...shop.config, ...configuration('monorepo', file), manifests: 'billing/k8s' }));
    const { notes } = await shop.must('test-cached', '--config', file);
    expect(notes).toContain('removing ConfigMap settings in namespace common: no longer in the manifests');
    expect(await kubeFind(kube, path)).toBeUndefined();
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
