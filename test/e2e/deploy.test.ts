import { beforeAll, describe, expect, it } from 'vitest';
import { logOf, onlyPod, podsIn } from './support/pods.ts';
import { program } from './support/program.ts';
import { deployment, pod, suite } from './support/suite.ts';

/** Deploys manifests, and reports workloads that do not start. */
const all = suite('deploy');

beforeAll(async () => {
  await all.project('first').must('up');
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
