import { setTimeout as sleep } from 'node:timers/promises';
import { HarnessError, messageOf } from '../core/error.ts';
import { LABELS } from '../core/labels.ts';
import { unlessMissing, type DockerEngine } from '../docker/engine.ts';
import { writeContainerFile } from '../docker/files.ts';
import { saysDiskFull } from '../machine/disk-full.ts';
import { registryAnswers } from './client.ts';
import { createPassword, readPassword } from './credential.ts';
import type { WantedRegistry } from './decide-registry.ts';
import { observeContainer } from './observe.ts';
import { REGISTRY_PORT, registryName, type ObservedRegistry, type Registry } from './registry.ts';

/** How long a registry may take to answer after its start, milliseconds. */
const START_TIMEOUT = 15_000;

/**
 * Memory limit of the registry in bytes, including what it has written but not yet flushed to disk.
 * An image of some gigabytes must not push everything else out of this machine's memory. The limit
 * hardly slows the registry down, because its disk sets the pace.
 */
const MEMORY_BYTES = 512 << 20;

/**
 * Creates the registry's container on the nodes' network, published on the loopback only, without
 * starting it.
 * @returns its id
 */
export async function createRegistry(
  engine: DockerEngine,
  wanted: WantedRegistry,
  image: string,
  settings: string,
): Promise<string> {
  const port = `${REGISTRY_PORT}/tcp`;
  const container = await engine.api.createContainer({
    name: registryName(wanted.cluster),
    Image: image,
    Entrypoint: ['/bin/registry', 'serve', '/etc/distribution/config.yml'],
    Cmd: [],
    Env: ['OTEL_TRACES_EXPORTER=none'], // otherwise it looks for a collector
    Labels: {
      [LABELS.project]: wanted.project,
      [LABELS.registry]: wanted.cluster,
      [LABELS.owner]: JSON.stringify(wanted.owner),
      [LABELS.definition]: wanted.definition,
    },
    ExposedPorts: { [port]: {} },
    Volumes: { '/var/lib/registry': {} }, // removed with the container
    HostConfig: {
      NetworkMode: wanted.network,
      PortBindings: { [port]: [{ HostIp: '127.0.0.1', HostPort: '' }] },
      Memory: MEMORY_BYTES,
    },
  });
  await createPassword(engine, container.id);
  await writeContainerFile(engine, container.id, '/etc/distribution/config.yml', settings);
  return container.id;
}

/**
 * Starts the registry's container and waits until it answers. The caller has proved that it is
 * ours.
 * @throws HarnessError LOAD with its last log lines when it does not
 */
export async function startRegistry(
  engine: DockerEngine,
  containerId: string,
  signal?: AbortSignal,
): Promise<Registry> {
  const container = engine.api.getContainer(containerId);
  const failure = (problem: string, detail?: string) =>
    new HarnessError('LOAD', `The local registry ${problem}.`, {
      next: `Check its log with \`docker logs ${containerId.slice(0, 12)}\`, or set \`load: { transport: 'archive' }\`, which needs no registry.`,
      detail,
    });
  try {
    await container.start();
  } catch (error) {
    throw failure(`could not be started: ${messageOf(error)}`);
  }
  for (const deadline = Date.now() + START_TIMEOUT; ; await sleep(30)) {
    signal?.throwIfAborted();
    const observed = await observeContainer(engine, containerId);
    const registry = await usable(engine, observed);
    if (registry && (await registryAnswers(registry))) return registry;
    if (observed?.running && Date.now() < deadline) continue;
    const log = await container.logs({ stdout: true, stderr: true, tail: 5 }).catch(() => Buffer.alloc(0));
    throw failure(
      observed?.running ? `did not answer within ${START_TIMEOUT / 1000} s` : 'stopped right after its start',
      log.toString('utf8'),
    );
  }
}

/** How to reach a registry; undefined if it is not running. */
export async function usable(
  engine: DockerEngine,
  observed: ObservedRegistry | undefined,
): Promise<Registry | undefined> {
  const { containerId, address, port } = observed ?? {};
  if (containerId === undefined || address === undefined || port === undefined) return undefined;
  const password = await readPassword(engine, containerId);
  return password === undefined ? undefined : { containerId, address, port, password };
}

/**
 * Whether the registry's last log lines report a full disk. The client that pushes only learns that
 * the push failed.
 */
export async function registryIsFull(engine: DockerEngine, { containerId }: Registry): Promise<boolean> {
  const { body } = await engine.ask('GET', `/containers/${containerId}/logs?stdout=true&stderr=true&tail=20`);
  return saysDiskFull(body.toString('utf8'));
}

/** Removes the registry's container and its content. The caller has proved that it is ours. */
export async function removeRegistry(engine: DockerEngine, containerId: string): Promise<void> {
  await unlessMissing(engine.api.getContainer(containerId).remove({ force: true, v: true }));
}
