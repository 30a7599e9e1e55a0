import { beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { openAccess } from '../../src/kubernetes/access.ts';
import { kubeFind } from '../../src/kubernetes/api.ts';
import { serverSideApply } from '../../src/kubernetes/server-side-apply.ts';
import type { Run } from './support/command.ts';
import { logOf, onlyPod, podsIn } from './support/pods.ts';
import { program } from './support/program.ts';
import { startRemoteRegistry } from './support/remote-registry.ts';
import { deployment, pod, suite } from './support/suite.ts';
import { docker, dockerLines } from './support/tools.ts';

/** Deploys manifests, and reports workloads that do not start. */
const all = suite('deploy');

beforeAll(async () => {
  await all.project('first').must('test-cached');
});

function statefulSet(container: object): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'app' },
    spec: {
      serviceName: 'app',
      selector: { matchLabels: { app: 'app' } },
      template: { metadata: { labels: { app: 'app' } }, spec: pod([container]) },
    },
  };
}

function templateOf(container: object, labels: object): object {
  return { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: pod([container]) } };
}

function job(container: object): object {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'app' },
    spec: { backoffLimit: 0, template: { spec: pod([container], { restartPolicy: 'Never' }) } },
  };
}

describe('a workload that does not start', () => {
  it('is reported with its last log lines when it crashes, and passes once it is fixed', async () => {
    const project = all.project('crash');
    project.write('app/program', program('no such table: orders', 3));
    const { summary, exitCode } = await project.run('test-cached');
    expect(exitCode).toBe(3);
    // And not with the message of a timeout.
    expect(summary.error).toMatchObject({ code: 'DEPLOY', message: expect.stringContaining('CrashLoopBackOff') });
    expect(summary.error?.detail).toContain('no such table: orders');
    expect(summary.tests).toBeNull();

    project.write('app/program', program('fixed'));
    await project.must('test-cached');
    expect((await onlyPod(project.kubeconfig, project.namespace)).log).toBe('fixed');
  });

  it('is reported without the values of secrets that it prints, in any encoding', async () => {
    const secret = 'correct-horse "battery"';
    const base64 = (text: string) => Buffer.from(text).toString('base64');
    const encoded = [
      secret,
      base64(secret),
      base64(`user:${secret}`),
      encodeURIComponent(secret),
      JSON.stringify(secret),
    ];
    const project = all.project('secrets');
    project.write('app/program', program(['the last words', ...encoded].join('\n'), 3));
    const object = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'token' }, stringData: { token: secret } };
    project.manifest(object, job({ image: 'app' }));
    const machine = await project.run('test-cached');
    expect(machine.summary.error).toMatchObject({ code: 'DEPLOY', detail: expect.stringContaining('the last words') });
    const person = await project.plain('test-cached', '--verbose');
    const shown = [machine.stdout, machine.stderr, person.stdout, person.stderr].join('\n');
    expect(shown).toContain('***');
    for (const word of [...encoded.slice(0, 2), 'correct-horse', 'battery']) expect(shown).not.toContain(word);
  });

  it('is reported when its image cannot be pulled', async () => {
    const project = all.project('pull');
    // No registry listens at this port, so that the pull fails at once on every machine.
    project.manifest(deployment('app', { image: 'localhost:1/nobody/nothing:1' }));
    const { summary, exitCode } = await project.run('test-cached');
    expect(exitCode).toBe(3);
    expect(summary.error).toMatchObject({
      code: 'DEPLOY',
      message: expect.stringMatching(/ImagePull/),
      detail: expect.stringContaining('localhost:1/nobody/nothing:1'),
      next: expect.stringContaining('`image:`'),
    });
  });

  it('is reported when no node has enough resources for it', async () => {
    const project = all.project('room');
    project.manifest(deployment('app', { image: 'app', resources: { requests: { cpu: '1000' } } }));
    const { summary, exitCode } = await project.run('test-cached');
    expect(exitCode).toBe(3);
    expect(summary.error).toMatchObject({
      code: 'DEPLOY',
      message: expect.stringContaining('Unschedulable'),
      detail: expect.stringContaining('Insufficient cpu'),
    });
    project.manifest(deployment('app', { image: 'app' }));
    await project.must('test-cached');
  });

  it("is reported at once, with the server's words, when the server forbids its pods", async () => {
    const project = all.project('forbidden');
    const quota = {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'nothing' },
      spec: { hard: { pods: 0 } },
    };
    project.manifest(quota, deployment('app', { image: 'app' }));
    const { summary, exitCode } = await project.run('test-cached');
    expect(exitCode).toBe(3);
    expect(summary.error?.message).toMatch(/Deployment app .*FailedCreate/);
    expect(summary.error?.detail).toContain('exceeded quota: nothing');
  });

  it('is reported when it is not ready in the time that the configuration allows', async () => {
    const project = all.project('slow', { timeouts: { deploy: 3 } });
    const readinessProbe = { exec: { command: ['/nothing'] }, periodSeconds: 1 };
    project.manifest(deployment('app', { image: 'app', readinessProbe }));
    const { summary, exitCode } = await project.run('test-cached');
    expect(exitCode).toBe(3);
    expect(summary.error).toMatchObject({
      code: 'DEPLOY',
      message: expect.stringMatching(/^Deployment not ready after 3 s: /),
      next: expect.stringContaining('timeouts.deploy'),
    });
  });

  it('is reported in plain text as one paragraph, without a stack trace', async () => {
    const project = all.project('words');
    project.write('app/program', program('last words', 3));
    const { stderr } = await project.plain('test-cached');
    expect(stderr).toMatch(
      /^❌ Container c0 of pod app-\S+ in namespace words failed: CrashLoopBackOff\. \[DEPLOY\]$/m,
    );
    expect(stderr).toMatch(/^ +last words$/m);
    expect(stderr).toMatch(/^→ {2}/m);
    expect(stderr).not.toMatch(/^ +at /m);
  });
});

describe('what changed in the manifests', () => {
  it('is recreated where it cannot be changed in place, and with its data only when asked', async () => {
    const project = all.project('fixed-fields');
    const write = (label: string, modes: string) => {
      const labels = { part: label };
      const claim = { accessModes: [modes], resources: { requests: { storage: '1Mi' } } };
      project.manifest(
        { ...deployment('app', { image: 'app' }), spec: templateOf({ image: 'app' }, labels) },
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'fixed' }, immutable: true, data: labels },
        { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data' }, spec: claim },
      );
    };
    write('one', 'ReadWriteOnce');
    await project.must('test-cached');
    write('two', 'ReadWriteOnce');
    const { notes } = await project.must('test-cached');
    expect(notes).toContain('recreating Deployment app: ');
    expect(notes).toContain('recreating ConfigMap fixed: ');
    expect((await onlyPod(project.kubeconfig, project.namespace)).pod.metadata?.labels).toMatchObject({ part: 'two' });

    write('two', 'ReadWriteMany');
    const { summary, exitCode } = await project.run('test-cached');
    expect(exitCode).toBe(3);
    expect(summary.error).toMatchObject({
      message: expect.stringContaining('PersistentVolumeClaim data cannot be changed in place'),
      next: expect.stringMatching(/`--recreate-immutable`.*the data in its volume/),
    });
    await project.must('test-cached', '--recreate-immutable');
    const kube = await openAccess(project.kubeconfig);
    const claim = await kubeFind(kube, `/api/v1/namespaces/${project.namespace}/persistentvolumeclaims/data`);
    expect(claim?.['spec']).toMatchObject({ accessModes: ['ReadWriteMany'] });
  });

  it('restarts what reads a ConfigMap, and what left them is removed', async () => {
    const project = all.project('settings');
    const settings = (colour: string) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings' },
      data: { colour },
    });
    const reader = deployment('reader', { image: 'app', envFrom: [{ configMapRef: { name: 'settings' } }] });
    const pods = async () => {
      const found = await podsIn(project.kubeconfig, project.namespace);
      return new Map(found.map(({ metadata }) => [metadata?.labels?.['app'], metadata?.uid]));
    };
    project.manifest(settings('red'), reader, deployment('other', { image: 'app' }));
    await project.must('test-cached');
    const before = await pods();
    project.manifest(settings('blue'), reader, deployment('other', { image: 'app' }));
    await project.must('test-cached');
    const after = await pods();
    expect(after.get('other')).toBe(before.get('other'));
    expect(after.get('reader')).not.toBe(before.get('reader'));

    const kube = await openAccess(project.kubeconfig);
    const mine = `/api/v1/namespaces/${project.namespace}/configmaps/mine`;
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'mine' } };
    await serverSideApply(kube, mine, object, { manager: 'somebody' });
    project.manifest(settings('blue'), reader);
    const { stdout } = await project.plain('test-cached', '--dry-run');
    expect(stdout).toMatch(/^ +remove +Deployment other +no longer in the manifests$/m);
    const { notes } = await project.must('test-cached');
    expect(notes).toBe('removing Deployment other: no longer in the manifests');
    expect([...(await pods()).keys()]).toEqual(['reader']);
    expect(await kubeFind(kube, mine)).toBeDefined();
  });
});

describe('a namespace of others in our cluster', () => {
  it('is applied to, and stays with all that is theirs when it leaves the manifests', async () => {
    const kube = await openAccess(all.project('first').kubeconfig);
    const configMap = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
    const namespace = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    const find = (place: string, name: string) => kubeFind(kube, `/api/v1/namespaces/${place}/configmaps/${name}`);
    const uids = () =>
      Promise.all(
        ['theirs', 'also-theirs'].map(async (name) => {
          const found = await kubeFind(kube, `/api/v1/namespaces/${name}`);
          return [found?.metadata['uid'], found?.metadata['deletionTimestamp']];
        }),
      );
    for (const name of ['theirs', 'also-theirs']) {
      const path = `/api/v1/namespaces/${name}`;
      await serverSideApply(kube, path, namespace(name), { manager: 'somebody' });
      await serverSideApply(kube, `${path}/configmaps/mine`, configMap('mine'), { manager: 'somebody' });
    }
    const before = await uids();

    const steps = [{ manifests: 'other.yaml', namespace: 'also-theirs' }];
    const project = all.project('guest', { namespace: 'theirs', images: {}, deploy: steps });
    project.manifest(namespace('theirs'), namespace('also-theirs'), configMap('ours'), configMap('mine'));
    project.write('other.yaml', stringify(configMap('ours')));
    await project.must('test-cached');
    expect(await find('theirs', 'ours')).toBeDefined();
    expect(await find('also-theirs', 'ours')).toBeDefined();

    project.configure({ deploy: {} });
    project.manifest(configMap('other'));
    const { notes } = await project.must('test-cached');
    expect(notes.split('\n').sort()).toEqual([
      'removing ConfigMap ours in namespace also-theirs: no longer in the manifests',
      'removing ConfigMap ours: no longer in the manifests',
    ]);
    await project.must('prune');
    expect(await uids()).toEqual(before);
    expect(await find('theirs', 'ours')).toBeUndefined();
    expect(await find('theirs', 'mine')).toBeDefined();
    expect(await find('also-theirs', 'mine')).toBeDefined();
  });
});

describe('a manifest that the server rejects', () => {
  it("is named, with the server's message", async () => {
    const project = all.project('misspelt');
    project.manifest(deployment('app', { image: 'app' }, { replicass: 2 }));
    const { summary, exitCode } = await project.run('test-cached');
    expect(exitCode).toBe(3);
    expect(summary.error).toMatchObject({ code: 'DEPLOY', message: expect.stringContaining('manifest.yaml') });
    expect(summary.error?.message).toContain('spec.replicass');
    project.manifest(deployment('app', { image: 'app' }, { replicas: 2 }));
    await project.must('test-cached');
    expect(await podsIn(project.kubeconfig, project.namespace)).toHaveLength(2);
  });

  it('is named if the server does not know its kind', async () => {
    const project = all.project('kindless');
    project.manifest({ apiVersion: 'apps/v1', kind: 'Deploymint', metadata: { name: 'app' } });
    const { summary } = await project.run('test-cached');
    expect(summary.error).toMatchObject({
      code: 'DEPLOY',
      message: expect.stringMatching(/manifest\.yaml.*Deploymint/),
    });
    project.manifest({ apiVersion: 'autoscaling/v2beta2', kind: 'HorizontalPodAutoscaler', metadata: { name: 'app' } });
    const { summary: old } = await project.run('test-cached');
    expect(old.error?.message).toContain('Could not apply HorizontalPodAutoscaler app (manifest.yaml)');
    expect(old.error?.next).toContain('This server has the kind in `autoscaling/v2`');
  });
});

describe('a StatefulSet', () => {
  it('starts after a revision that failed', async () => {
    // Kubernetes itself would wait until the broken pod is ready before it creates the fixed one.
    const project = all.project('stuck');
    project.manifest(statefulSet({ image: 'app' }));
    project.write('app/program', program('broken', 3));
    expect((await project.run('test-cached')).summary.error?.code).toBe('DEPLOY');
    project.write('app/program', program('fixed'));
    await project.must('test-cached');
    expect((await onlyPod(project.kubeconfig, project.namespace)).log).toBe('fixed');
  });

  it('starts after a revision that could not be pulled', async () => {
    const project = all.project('unpulled');
    project.manifest(statefulSet({ image: 'localhost:1/nobody/nothing:1' }));
    expect((await project.run('test-cached')).summary.error?.code).toBe('DEPLOY');
    project.manifest(statefulSet({ image: 'app' }));
    await project.must('test-cached');
    expect((await onlyPod(project.kubeconfig, project.namespace)).log).toBe('first build');
  });
});

describe('a Job', () => {
  it('is waited for, and run again as a new one when its template changed', async () => {
    const project = all.project('job');
    project.manifest(job({ image: 'app' }));
    project.write('app/program', program('first run', 0));
    await project.must('test-cached');
    const before = await onlyPod(project.kubeconfig, project.namespace);
    expect(before.log).toBe('first run');
    project.write('app/program', program('second run', 0));
    await project.must('test-cached');
    const after = await onlyPod(project.kubeconfig, project.namespace);
    expect(after.log).toBe('second run');
    expect(after.pod.metadata?.uid).not.toBe(before.pod.metadata?.uid);
  });

  it('that fails is reported with its last log lines', async () => {
    const project = all.project('failed-job');
    project.manifest(job({ image: 'app' }));
    project.write('app/program', program('cannot migrate', 4));
    const { summary, exitCode } = await project.run('test-cached');
    expect(exitCode).toBe(3);
    expect(summary.error).toMatchObject({ code: 'DEPLOY', detail: expect.stringContaining('cannot migrate') });
    project.write('app/program', program('migrated', 0));
    await project.must('test-cached');
  });
});

describe('an image of others', () => {
  it('is pulled once, loaded, filled in, listed, and left in Docker', async () => {
    const project = all.project('others', { images: { other: { image: 'localhost:1/nobody/nothing:1' } } });
    project.manifest(deployment('app', { image: 'other' }));
    const refused = await project.run('test-cached');
    expect(refused.exitCode).toBe(3);
    expect(refused.summary.error?.message).toBe('Could not pull localhost:1/nobody/nothing:1, which is image other.');

    const remote = await startRemoteRegistry(`${all.name}-remote`);
    const name = await remote.offer(all.project('first').reference, 'shop/other:17');
    try {
      project.configure({ images: { other: { image: name } } });
      const status = async () => (await project.must('cache-status')).summary.images;
      expect(await status()).toMatchObject([{ image: 'other', verdict: 'missing', action: 'pull' }]);
      const pulled = ({ events }: Run) => events.some((event) => event.type === 'step' && event.id === 'pull:other');
      expect(pulled(await project.must('test-cached'))).toBe(true);
      expect((await onlyPod(project.kubeconfig, project.namespace)).log).toBe('first build');

      await remote.remove();
      const offline = await project.must('test-cached');
      expect(pulled(offline)).toBe(false);
      expect(offline.summary.loads).toMatchObject([{ image: 'other', verdict: 'present' }]);
      const nodes = { [`${all.name}-control-plane`]: 'present' };
      expect(await status()).toMatchObject([{ image: 'other', verdict: 'fresh', action: 'skip', nodes }]);
      await project.must('prune');
      expect(await docker('image', 'inspect', '--format', '{{.Id}}', name)).toMatch(/^sha256:/);
    } finally {
      await dockerLines('rmi', '--force', name);
      await remote.remove();
    }
  });
});

describe('a mirror', () => {
  it('gets images that pods pull once, and has them when their registry is gone', async () => {
    const remote = await startRemoteRegistry(`${all.name}-far`, 'kind');
    try {
      await remote.offer(all.project('first').reference, 'shop/mirrored:1');
      const project = all.project('mirrored', {
        registry: { mirrors: [{ host: 'far.example', from: `http://${remote.address}:5000` }] },
      });
      const container = { image: 'far.example/shop/mirrored:1', imagePullPolicy: 'Always' };
      project.manifest(deployment('app', container));
      await project.must('test-cached');
      expect((await onlyPod(project.kubeconfig, project.namespace)).log).toBe('first build');
      await remote.remove();
      project.manifest(deployment('app', { ...container, env: [{ name: 'CHANGED', value: 'once' }] }));
      await project.must('test-cached');
      const [mirror] = await dockerLines('ps', '--format', '{{.Names}}', '--filter', `name=${all.name}-mirror-far`);
      expect(mirror).toMatch(/-mirror-far\.example-/);
    } finally {
      await remote.remove();
    }
  });
});

describe('an `image:`', () => {
  it('refers to a configured image by its name, its repository or its whole reference', async () => {
    const project = all.project('forms');
    const forms = ['app', project.reference.replace(/:dev$/, ''), project.reference, `docker.io/${project.reference}`];
    project.manifest({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'app' },
      spec: pod(forms.map((image) => ({ image }))),
    });
    await project.must('test-cached');
    const [only] = await podsIn(project.kubeconfig, project.namespace);
    const containers = only?.spec?.containers ?? [];
    expect(containers.map(({ image, imagePullPolicy }) => ({ image, imagePullPolicy }))).toEqual(
      forms.map(() => ({ image: project.reference, imagePullPolicy: 'Never' })),
    );
    for (const { name } of containers) expect(await logOf(project.kubeconfig, only!, name)).toBe('first build');
  });

  it('of a bare Pod is replaced after an edit', async () => {
    const project = all.project('bare-pod');
    project.manifest({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'app' }, spec: pod([{ image: 'app' }]) });
    await project.must('test-cached');
    project.write('app/program', program('second build'));
    await project.must('test-cached');
    expect((await onlyPod(project.kubeconfig, project.namespace)).log).toBe('second build');
  });
});
