import type { Readable } from 'node:stream';
import type { StartedTestContainer } from 'testcontainers';
import type { ServiceConfig } from '../config/config.ts';
import { HarnessError, messageOf } from '../core/error.ts';
import { unlessMissing, type DockerEngine } from '../docker/engine.ts';
import { splitOutputs } from '../docker/socket.ts';
import { tail } from '../machine/process.ts';

/** A service container to start or reuse. */
export interface ServiceContainer {
  name: string;
  /** The container's name. */
  container: string;
  image: string;
  ports: number[];
  env: Record<string, string>;
  command: string[];
  ready?: ServiceConfig['ready'] | undefined;
  /** The names of its volumes, by their paths in the container. */
  volumes: Record<string, string>;
  /** The Docker network that the cluster's nodes are on. */
  network: string;
  /** Milliseconds until it must be ready. */
  timeout: number;
  /** Identify the container: it is reused only if all its labels are the same. */
  labels: Record<string, string>;
  /** An earlier container of the service, which is removed if it cannot be reused. */
  replaceable?: string | undefined;
}

/** Where to reach a service. */
export interface ServiceAddresses {
  /** From pods: its address in the nodes' network. */
  inside: string;
  /** From this machine: an address for each port. */
  outside: Record<number, string>;
}

/**
 * Starts a container, or reuses that of an earlier run, and waits until it can be used.
 * @throws HarnessError SERVICE
 */
export async function startServiceContainer(
  engine: DockerEngine,
  service: ServiceContainer,
): Promise<ServiceAddresses> {
  const { name, image, network, ports } = service;
  // A container that fails to start is sometimes removed at once, together with its log. Sometimes
  // it stays, but fails before anything reads its log. So both sources are used.
  const output: Buffer[] = [];
  let log: Readable | undefined;
  try {
    const container = await startOrReplace(engine, service, (stream) => {
      log = stream.on('data', (chunk: Buffer | string) => output.push(Buffer.from(chunk)));
    });
    const outside = ports.map((port) => [port, `${container.getHost()}:${container.getMappedPort(port)}`] as const);
    return { inside: container.getIpAddress(network), outside: Object.fromEntries(outside) };
  } catch (error) {
    throw new HarnessError('SERVICE', `Service ${name} (${image}) did not start: ${messageOf(error)}.`, {
      detail: tail(Buffer.concat(output).toString('utf8') || (await logOf(engine, service.container))),
      next: `Check \`services.${name}\` in the configuration.${dataHint(service)}`,
      cause: error,
    });
  } finally {
    log?.destroy();
  }
}

async function logOf(engine: DockerEngine, container: string): Promise<string> {
  const { status, body } = await engine.ask(
    'GET',
    `/containers/${encodeURIComponent(container)}/logs?stdout=true&stderr=true&tail=20`,
  );
  const { stdout, stderr } = splitOutputs(status === 200 ? body : Buffer.of());
  return `${stdout}${stderr}`;
}

function dataHint({ volumes }: ServiceContainer): string {
  const names = Object.values(volumes);
  if (names.length === 0) return '';
  return ` If it cannot use the data of an earlier run, remove them: docker volume rm ${names.join(' ')}`;
}

/**
 * Testcontainers finds a container again by everything it was created with, its own version among
 * that. A container that it does not find is in the way of a new one.
 */
async function startOrReplace(
  engine: DockerEngine,
  service: ServiceContainer,
  onLog: (log: Readable) => void,
): Promise<StartedTestContainer> {
  try {
    return await startOrReuse(service, onLog);
  } catch (error) {
    if (service.replaceable === undefined || !messageOf(error).includes('is already in use by container')) throw error;
    await unlessMissing(engine.api.getContainer(service.replaceable).remove({ force: true }));
    return startOrReuse(service, onLog);
  }
}

async function startOrReuse(service: ServiceContainer, onLog: (log: Readable) => void): Promise<StartedTestContainer> {
  const { GenericContainer, Wait } = await import('testcontainers');
  const { ready, ports } = service;
  const strategy = !ready
    ? Wait.forListeningPorts()
    : 'log' in ready
      ? Wait.forLogMessage(ready.log)
      : Wait.forHttp(ready.http, ports[0] as number);
  const container = new GenericContainer(service.image)
    .withName(service.container)
    .withExposedPorts(...ports)
    .withEnvironment(service.env)
    .withNetworkMode(service.network)
    .withLabels(service.labels)
    .withBindMounts(Object.entries(service.volumes).map(([target, source]) => ({ source, target, mode: 'rw' })))
    .withLogConsumer(onLog)
    .withWaitStrategy(strategy)
    .withStartupTimeout(service.timeout)
    .withReuse();
  return (service.command.length > 0 ? container.withCommand(service.command) : container).start();
}
