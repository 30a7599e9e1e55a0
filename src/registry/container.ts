import { setTimeout as sleep } from 'node:timers/promises';
import { HarnessError, messageOf } from '../core/error.ts';
import { LABELS } from '../core/labels.ts';
import { unlessMissing, type DockerEngine } from '../docker/engine.ts';
import { writeContainerFile } from '../docker/files.ts';
import { saysDiskFull } from '../machine/disk-full.ts';
import { registryAnswers } from './client.ts';
import type { WantedRegistry } from './decide-registry.ts';
import { observeContainer } from './observe.ts';
import { REGISTRY_PORT, registryName, type ObservedRegistry, type Registry } from './registry.ts';

/** Milliseconds that a registry may take to answer after its start. */
const START_TIMEOUT = 15_000;

/**
 * Bytes of memory that the registry may have, what it writes included until it is on the disk: an
 * image of some gigabytes that passes through shall not push everything else out of this machine's
 * memory. Its disk sets its pace then, and hardly slower.
 */
const MEMORY = 512 << 20;

/**
 * Makes the registry's container, on the nodes' network and published on the loopback only. It is
 * not started.
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
    Env: ['OTEL_TRACES_EXPORTER=none'], // it would look for a collector
    Labels: {
      [LABELS.project]: wanted.project,
      [LABELS.registry]: wanted.cluster,
      [LABELS.definition]: wanted.definition,
    },
    ExposedPorts: { [port]: {} },
    Volumes: { '/var/lib/registry': {} }, // goes with the container
    HostConfig: {
      NetworkMode: wanted.network,
      PortBindings: { [port]: [{ HostIp: '127.0.0.1', HostPort: '' }] },
      Memory: MEMORY,
    },
  });
  await writeContainerFile(engine, container.id, '/etc/distribution/config.yml', settings);
  return container.id;
}

/**
 * Starts the registry's container, which the caller has proved to be ours, and waits until it
 * answers.
 * @throws HarnessError LOAD with its last words when it does not
 */
export async function startRegistry(
  engine: DockerEngine,
  containerId: string,
  signal?: AbortSignal,
): Promise<Registry> {
  const container = engine.api.getContainer(containerId);
  const fails = (what: string, detail?: string) =>
    new HarnessError('LOAD', `The registry beside the cluster ${what}.`, {
      next: `Look at it with \`docker logs ${containerId.slice(0, 12)}\`, or choose \`load: { transport: 'archive' }\`, which needs no registry.`,
      ...(detail === undefined ? {} : { detail }),
    });
  try {
    await container.start();
  } catch (error) {
    throw fails(`could not be started: ${messageOf(error)}`);
  }
  for (const end = Date.now() + START_TIMEOUT; ; await sleep(30)) {
    signal?.throwIfAborted();
    const observed = await observeContainer(engine, containerId);
    const registry = usable(observed);
    if (registry && (await registryAnswers(registry.port))) return registry;
    if (observed?.running && Date.now() < end) continue;
    const words = await container.logs({ stdout: true, stderr: true, tail: 5 }).catch(() => Buffer.alloc(0));
    throw fails(
      observed?.running ? `did not answer within ${START_TIMEOUT / 1000} s` : 'ended at once',
      words.toString('utf8'),
    );
  }
}

/** Where a registry is reached that runs. */
export function usable(observed: ObservedRegistry | undefined): Registry | undefined {
  const { containerId, address, port } = observed ?? {};
  return containerId === undefined || address === undefined || port === undefined
    ? undefined
    : { containerId, address, port };
}

/**
 * Whether the registry's last words are that its disk is full: to whoever pushes it says no more
 * than that it failed.
 */
export async function registryIsFull(engine: DockerEngine, { containerId }: Registry): Promise<boolean> {
  const { body } = await engine.ask('GET', `/containers/${containerId}/logs?stdout=true&stderr=true&tail=20`);
  return saysDiskFull(body.toString('utf8'));
}

/** Removes the registry's container with all it holds. The caller has proved that it is ours. */
export async function removeRegistry(engine: DockerEngine, containerId: string): Promise<void> {
  await unlessMissing(engine.api.getContainer(containerId).remove({ force: true, v: true }));
}
