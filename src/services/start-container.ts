import type { Readable } from 'node:stream';
import type { StartedTestContainer } from 'testcontainers';
import { HarnessError, messageOf } from '../core/error.ts';
import type { DockerEngine } from '../docker/engine.ts';
import { splitOutputs } from '../docker/socket.ts';
import { tail } from '../machine/process.ts';

/** A container to be started, or found running. */
export interface OutsideService {
  name: string;
  /** Its container's name. */
  container: string;
  image: string;
  ports: number[];
  env: Record<string, string>;
  command: string[];
  ready?: { log: string } | { http: string };
  /** The Docker network that the cluster's nodes are on. */
  network: string;
  /**
   * With which it is known again: it is used as it is only by who would start it with the same
   * ones.
   */
  labels: Record<string, string>;
}

/** Where a service is reached. */
export interface Reached {
  /** In the nodes' network, from pods. */
  inside: string;
  /** From this machine, by port. */
  outside: Record<number, string>;
}

/**
 * Starts a container, or finds it as an earlier run left it, and waits until it can be used.
 * @throws HarnessError SERVICE
 */
export async function startServiceContainer(engine: DockerEngine, service: OutsideService): Promise<Reached> {
  const { name, image, network, ports } = service;
  // What fails to come up is sometimes taken away at once, with its log, and sometimes left before
  // its log was listened to.
  const said: Buffer[] = [];
  let log: Readable | undefined;
  try {
    const container = await started(service, (stream) => {
      log = stream.on('data', (chunk: Buffer | string) => said.push(Buffer.from(chunk)));
    });
    const outside = ports.map((port) => [port, `${container.getHost()}:${container.getMappedPort(port)}`] as const);
    return { inside: container.getIpAddress(network), outside: Object.fromEntries(outside) };
  } catch (error) {
    throw new HarnessError('SERVICE', `The service ${name} (${image}) did not come up: ${messageOf(error)}.`, {
      detail: tail(Buffer.concat(said).toString('utf8') || (await logOf(engine, service.container))),
      next: `Look at \`services.${name}\` in the configuration.`,
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

async function started(service: OutsideService, onLog: (log: Readable) => void): Promise<StartedTestContainer> {
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
    .withLogConsumer(onLog)
    .withWaitStrategy(strategy)
    .withReuse();
  return (service.command.length > 0 ? container.withCommand(service.command) : container).start();
}
