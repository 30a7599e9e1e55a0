import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostQuirks, observeHost } from '../../src/cluster/host-quirks.ts';
import { kindConfig } from '../../src/cluster/kind-config.ts';
import { DockerEngine } from '../../src/docker/engine.ts';
import { run, tryRun } from '../../src/machine/process.ts';
import { ensureNodeImage, type NodeImage } from '../../src/system-images/node-image.ts';

const MINUTE = 60_000;
const cluster = 'nodeimg-test';
const [controlPlane, worker, worker2] = [
  `${cluster}-control-plane`,
  `${cluster}-worker`,
  `${cluster}-worker2`,
] as const;

let engine: DockerEngine;
let image: NodeImage;
let directory: string;

async function kubectl(...args: string[]): Promise<string> {
  return (await run(['docker', 'exec', controlPlane, 'kubectl', ...args])).stdout;
}

async function apply(manifest: string): Promise<void> {
  await run(['docker', 'exec', '-i', controlPlane, 'kubectl', 'apply', '-f', '-'], { input: manifest });
}

/** Runs a shell command in the client pod. */
async function inPod(command: string): Promise<string> {
  return await kubectl('exec', 'client', '--', 'timeout', '5', 'sh', '-c', command);
}

async function addressOf(node: string): Promise<string> {
  const { NetworkSettings } = await engine.api.getContainer(node).inspect();
  return NetworkSettings.Networks['kind']?.IPAddress ?? '';
}

async function eventually(description: string, holds: () => Promise<boolean>, deadline = 90_000): Promise<void> {
  const end = Date.now() + deadline;
  while (!(await holds().catch(() => false))) {
    if (Date.now() > end) throw new Error(`not within ${deadline / 1000} s: ${description}`);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

function pod(name: string, node: string, image: string, command: string): string {
  return `
apiVersion: v1
kind: Pod
metadata: {name: ${name}, labels: {app: ${name}}}
spec:
  nodeSelector: {kubernetes.io/hostname: ${node}}
  terminationGracePeriodSeconds: 0
  containers:
    - name: main
      image: ${image}
      imagePullPolicy: Never
      command: [sh, -c, '${command}']
      ports: [{containerPort: 80, hostPort: 8088}]
      volumeMounts: [{name: data, mountPath: /data}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: ${name}}}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: ${name}}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
---
`;
}

beforeAll(async () => {
  engine = await DockerEngine.connect(process.env);
  image = await ensureNodeImage(engine, { emit: () => undefined, env: process.env });
  directory = await mkdtemp(join(tmpdir(), 'node-image-'));
  await tryRun(['kind', 'delete', 'cluster', '--name', cluster]);
  const config = kindConfig({ name: cluster, nodes: 3 }, hostQuirks(await observeHost(engine, image.reference)));
  const argv = [
    'kind',
    'create',
    'cluster',
    '--image',
    image.reference,
    '--kubeconfig',
    join(directory, 'config'),
  ] as const;
  await run([...argv, '--config', '-', '--wait', '90s'], { input: config });
}, 20 * MINUTE);

afterAll(async () => {
  await tryRun(['kind', 'delete', 'cluster', '--name', cluster, '--kubeconfig', join(directory, 'config')]);
  await rm(directory, { recursive: true });
}, MINUTE);

describe('a cluster of three nodes', () => {
  it('has DNS and storage', async () => {
    await kubectl('wait', '--for=condition=Ready', 'nodes', '--all', '--timeout=60s');
    await kubectl('-n', 'kube-system', 'rollout', 'status', 'deployment/coredns', '--timeout=60s');
    await kubectl(
      '-n',
      'local-path-storage',
      'rollout',
      'status',
      'deployment/local-path-provisioner',
      '--timeout=60s',
    );
  });

  it('runs pods with volumes on both workers', async () => {
    // The only image with a shell that every node has.
    const names = (await run(['docker', 'exec', worker, 'crictl', 'images', '-o', 'json'])).stdout;
    const shell = /"([^"]*(?:storage-helper|local-path-helper)[^"@]*)"/.exec(names)?.[1] ?? '';
    const serve = 'mkdir -p /www && echo served > /www/index.html && exec busybox httpd -f -p 80 -h /www';
    const service =
      'apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: NodePort, selector: {app: web}, ports: [{port: 80, nodePort: 30080}]}';
    await apply(pod('web', worker, shell, serve) + pod('client', worker2, shell, 'sleep 100000') + service);
    await kubectl('wait', '--for=condition=Ready', 'pod/web', 'pod/client', '--timeout=90s');
    expect(await inPod('echo kept > /data/file && cat /data/file')).toBe('kept');
    expect(await kubectl('get', 'pvc', 'client', '-o', 'jsonpath={.status.phase} {.spec.storageClassName}')).toBe(
      'Bound standard',
    );
  });

  it('connects pods with each other, and with a service by its name', async () => {
    const address = await kubectl('get', 'pod', 'web', '-o', 'jsonpath={.status.podIP}');
    expect(await inPod(`wget -qO- http://${address}/`)).toBe('served');
    expect(await inPod('wget -qO- http://web/')).toBe('served');
    expect(await inPod('wget -qO- http://web.default.svc.cluster.local/')).toBe('served');
  });

  it('can be reached from outside at node ports and host ports', async () => {
    const read = async (url: string) => (await (await fetch(url, { signal: AbortSignal.timeout(5000) })).text()).trim();
    for (const node of [controlPlane, worker, worker2])
      expect(await read(`http://${await addressOf(node)}:30080/`)).toBe('served');
    expect(await read(`http://${await addressOf(worker)}:8088/`)).toBe('served');
  });

  it('connects a pod with another container on the network by its name', async () => {
    const name = `${cluster}-outside`;
    await run([
      'docker',
      'run',
      '--rm',
      '-d',
      '--name',
      name,
      '--network',
      'kind',
      '--entrypoint',
      'sleep',
      image.reference,
      '120',
    ]);
    try {
      expect(await inPod(`ping -c 1 -W 5 ${name}`)).toContain('1 packets received');
    } finally {
      await tryRun(['docker', 'rm', '-f', name]);
    }
  });

  it('survives a restart of a node', async () => {
    await run(['docker', 'restart', worker]);
    await eventually('the service answers', async () => (await inPod('wget -qO- http://web/')) === 'served');
  });

  it('survives a stop of all nodes, after which they have swapped addresses', async () => {
    const nodes = [controlPlane, worker, worker2];
    const before = await Promise.all(nodes.map(addressOf));
    await run(['docker', 'stop', ...nodes]);
    const order = nodes.toSorted((a, b) => before[nodes.indexOf(b)]!.localeCompare(before[nodes.indexOf(a)]!));
    for (const node of order) await run(['docker', 'start', node]);
    expect(await Promise.all(nodes.map(addressOf))).not.toEqual(before);
    await eventually('the service answers', async () => (await inPod('wget -qO- http://web/')) === 'served');
    expect(await inPod('cat /data/file')).toBe('kept');
  });
});
