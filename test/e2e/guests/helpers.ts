import { expect, test } from 'kind-harness/vitest/fixtures';
import { probed, web } from './web.ts';

test('a Service stays reachable when its pod is deleted', async ({
  apply,
  service,
  exec,
  waitFor,
  kube,
  namespace,
}) => {
  const [deployment] = await apply(web(probed));
  const url = await service('web');
  const ask = async () => (await fetch(url)).text();
  const first = await ask();
  expect(first).toMatch(/^hello from web-/);
  await expect(deployment).toBeReady();
  await expect(url).toBeReachable();
  const { stdout } = await exec('deployment/web', ['hostname']);
  expect(first).toContain(stdout.trim());

  await kube.core.deleteNamespacedPod({ name: stdout.trim(), namespace: namespace.name });
  await waitFor(`pod/${stdout.trim()}`, 'gone');
  expect(await ask()).not.toBe(first);
});

test('programs run in pods, and logs can be read', async ({ apply, exec, logs }) => {
  const command = ['sh', '-c', 'echo first; sleep 1; echo second; exec sleep 1000'];
  const [pod] = await apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'printer', labels: { app: 'printer' } },
    spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'c', image: 'app', command }] },
  });
  expect(await exec('app=printer', ['cat', '/etc/hostname'])).toEqual({ stdout: 'printer\n', stderr: '', exitCode: 0 });
  await expect(exec('printer', ['sh', '-c', 'echo words >&2; exit 3'])).rejects.toMatchObject({
    message: expect.stringContaining('words'),
    exitCode: 3,
  });
  await expect(exec('printer', ['no-such-program'])).rejects.toThrow('no-such-program');
  await expect(pod).toHaveLogged(/^second$/);
  await expect(pod).not.toHaveLogged('third');
  expect(await logs('printer')).toBe('first\nsecond\n');
  await expect(pod).toHaveCondition('ContainersReady');
  await expect(pod).not.toHaveCondition('Ready', 'False');
});

test('matchers report what they saw', async ({ namespace, apply }) => {
  const [pod] = await apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'unprobable' },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: 'c',
          image: 'app',
          command: ['sh', '-c', 'echo words; exec sleep 1000'],
          readinessProbe: { exec: { command: ['false'] } },
        },
      ],
    },
  });
  await expect(pod).toHaveLogged('words');
  const short = { deadline: 2_000 };
  await expect(expect(pod).toBeReady(short)).rejects.toThrow(/not ready after 2\.0 s; last seen: .*not ready/);
  await expect(expect(pod).toHaveCondition('Ready', 'True', short)).rejects.toThrow(/Ready=False \(ContainersNotReady/);
  await expect(expect(pod).toHaveLogged('others', short)).rejects.toThrow(/has not printed "others"[^]*\| words/);
  await expect(expect('http://127.0.0.1:9/').toBeReachable(short)).rejects.toThrow(/bad port|ECONNREFUSED/);
  await expect(expect(namespace.ref('service/none')).toBeReady(short)).rejects.toThrow('it does not exist');
});

test('an object that cannot be applied is named with its source', async ({ apply, namespace }) => {
  await expect(apply('no-such-file.yaml')).rejects.toThrow('no-such-file.yaml');
  await expect(apply('misspelt.yaml')).rejects.toThrow(
    /^Could not apply Deployment web \(misspelt\.yaml:\d+, document 2\): .*spec\.replicass/,
  );
  const role = (name: string) => ({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name },
    rules: [],
  });
  await apply(role(`${namespace.name}-reader`));
  await apply(role(`${namespace.name}-reader`)); // this test owns it
  await expect(apply(role('view'))).rejects.toThrow('it already exists');
  const elsewhere = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', namespace: 'kube-system' } };
  await expect(apply(elsewhere)).rejects.toThrow('names the namespace kube-system');
});
