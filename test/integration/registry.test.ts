import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { build } from '../../src/docker/buildx.ts';
import { DockerEngine, unlessMissing } from '../../src/docker/engine.ts';
import { pushImage } from '../../src/docker/push.ts';
import { pushToRegistry } from '../../src/loading/push-to-registry.ts';
import { findManifest, registryAnswers } from '../../src/registry/client.ts';
import { createRegistry, removeRegistry, startRegistry } from '../../src/registry/container.ts';
import { engineLogin } from '../../src/registry/credential.ts';
import { decideRegistry } from '../../src/registry/decide-registry.ts';
import { observeRegistry } from '../../src/registry/observe.ts';
import { REPOSITORY } from '../../src/registry/registry.ts';
import { ensureRegistryImage, registrySettings } from '../../src/system-images/registry-image.ts';
import { PLAIN_BUILD } from '../support/build-request.ts';
import { plant, scratch } from '../support/scratch.ts';

/** The local registry of a cluster, without the cluster. */
const CLUSTER = `it-${process.pid}`;
const REFERENCE = `coretest/registry:${process.pid}`;
const wanted = {
  project: CLUSTER,
  cluster: CLUSTER,
  owner: { project: CLUSTER, isNamed: true, directory: '/' },
  definition: 'd1',
  network: 'bridge',
};
const TEN_MINUTES = 600_000; // its image may have to be compiled

let engine: DockerEngine;
let image: string;
beforeAll(async () => {
  engine = await DockerEngine.connect(process.env);
  image = await ensureRegistryImage(engine, { emit: () => undefined, env: process.env });
}, TEN_MINUTES);
afterEach(async () => {
  const left = await observeRegistry(engine, CLUSTER);
  if (left) await removeRegistry(engine, left.containerId);
});
afterAll(async () => {
  await unlessMissing(engine.api.getImage(REFERENCE).remove({ force: true }));
});

const decision = async () => decideRegistry(await observeRegistry(engine, CLUSTER), wanted).action;
const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';

it('is created, published on the loopback only, stopped, started and removed with its content', async () => {
  expect(await decision()).toBe('create');
  const id = await createRegistry(engine, wanted, image, registrySettings());
  expect(await decision()).toBe('recreate'); // like after an interruption: it may lack its settings
  const registry = await startRegistry(engine, id);
  const { port, password } = registry;
  expect(await decision()).toBe('use');
  expect(await registryAnswers(registry)).toBe(true);
  const container = await engine.api.getContainer(`${CLUSTER}-registry`).inspect();
  expect(container.NetworkSettings.Ports).toEqual({ '5000/tcp': [{ HostIp: '127.0.0.1', HostPort: String(port) }] });
  const volumes = container.Mounts.map((mount) => mount.Name ?? '');
  expect(volumes).toHaveLength(1);

  expect(await registryAnswers({ port, password: `${password}x` })).toBe(false);
  // As a pod or another machine would reach it.
  const address = `http://${registry.address}:5000/v2/${REPOSITORY}`;
  const requests = [
    [`${address}/tags/list`, 'GET'],
    [`${address}/blobs/uploads/`, 'POST'],
    [`${address}/manifests/x`, 'PUT'],
    [`${address}/manifests/sha256:${'0'.repeat(64)}`, 'DELETE'],
  ] as const;
  for (const [url, method] of requests) expect([method, (await fetch(url, { method })).status]).toEqual([method, 401]);
  const shown =
    JSON.stringify(container) +
    (await engine.api.getContainer(container.Id).logs({ stdout: true, stderr: true })).toString();
  expect(shown).not.toContain(password);

  await engine.api.getContainer(container.Id).kill();
  expect(await decision()).toBe('start');
  expect(await registryAnswers(registry)).toBe(false);
  const again = await startRegistry(engine, id);
  expect(await registryAnswers(again)).toBe(true);

  await removeRegistry(engine, container.Id);
  expect(await decision()).toBe('create');
  expect(await unlessMissing(engine.api.getVolume(volumes[0] ?? '').inspect())).toBeUndefined();
  await removeRegistry(engine, container.Id); // removing a missing registry is not an error
});

it('receives what it lacks, reports what it has, and leaves no name in Docker', async () => {
  const id = await createRegistry(engine, wanted, image, registrySettings());
  const registry = await startRegistry(engine, id);
  const repository = `127.0.0.1:${registry.port}/${REPOSITORY}`;
  const context = scratch();
  plant(context, { Dockerfile: 'FROM scratch\nCOPY a /\nCOPY b /\n', a: 'x'.repeat(100_000), b: '1' });
  const request = { ...PLAIN_BUILD, context, dockerfile: join(context, 'Dockerfile'), reference: REFERENCE };
  const made = async () => {
    await build(request);
    return (await engine.image(REFERENCE))!;
  };
  const push = async (id: string) =>
    pushImage(engine, id, { repository, tag: id.replace('sha256:', ''), login: engineLogin(registry.password) });

  const first = await made();
  expect(await findManifest(registry, first.id.replace('sha256:', ''), arch)).toBeUndefined();
  expect(await push(first.id)).toHaveLength(2);
  const stored = await findManifest(registry, first.id.replace('sha256:', ''), arch);
  expect(stored?.manifest.layers).toHaveLength(2);
  if (!first.inContainerd) expect(stored?.manifest.config.digest).toBe(first.id);

  writeFileSync(join(context, 'b'), '2');
  const second = await made();
  expect(await push(second.id)).toHaveLength(1);
  expect(await push(second.id)).toEqual([]);
  expect((await engine.image(second.id))?.tags).toEqual([REFERENCE]);
  // Something else under the tag of an image is not believed.
  const tag = second.id.replace('sha256:', '');
  await pushImage(engine, first.id, { repository, tag, login: engineLogin(registry.password) });
  const loaded = await pushToRegistry(
    engine,
    registry,
    { reference: REFERENCE, name: REFERENCE, image: second },
    arch,
    undefined,
  );
  expect([loaded.manifest.config.digest, loaded.digest]).toContain(second.id);
  expect(await findManifest(registry, tag, arch)).toMatchObject({ digest: loaded.digest });

  const inspected = await engine.api.getImage(second.id).inspect();
  expect(inspected.RepoDigests).toEqual([]);

  await expect(pushImage(engine, 'sha256:' + '0'.repeat(64), { repository, tag: 'x' })).rejects.toMatchObject({
    code: 'LOAD',
  });
  await engine.api.getContainer(`${CLUSTER}-registry`).kill();
  await expect(push(first.id)).rejects.toMatchObject({ code: 'LOAD' });
  expect((await engine.image(first.id))?.tags ?? []).toEqual([]);
});
