import { createHmac } from 'node:crypto';
import { waitForTests } from '../claims/wait-for-tests.ts';
import type { ClusterNode } from '../cluster/cluster.ts';
import { kubeconfigPath } from '../cluster/current.ts';
import { networkOf } from '../cluster/network.ts';
import type { ServiceConfig } from '../config/config.ts';
import { LABELS } from '../core/labels.ts';
import { step } from '../core/step.ts';
import { unlessMissing, type DockerImage } from '../docker/engine.ts';
import { pullImage } from '../docker/registry-client.ts';
import { secretKey } from '../machine/secret-key.ts';
import type { Session } from '../session.ts';
import { startServiceContainer, type ServiceAddresses } from './start-container.ts';

/** A service that can be used. */
export interface RunningService extends ServiceAddresses {
  config: ServiceConfig;
  /** A digest that changes with everything that defines the service, including its image. */
  definition: string;
}

/**
 * Starts the configured service containers next to the cluster, or reuses those of an earlier run.
 * Removes containers whose service was removed from the configuration or changed.
 * @throws HarnessError SERVICE
 */
export async function bringServicesUp(session: Session, nodes: readonly ClusterNode[]): Promise<RunningService[]> {
  const { config, engine, emit } = session;
  const network = config.services.length === 0 ? '' : await networkOf(engine, nodes[0]?.containerId ?? '');
  const wanted = await Promise.all(
    config.services.map(async (service) => ({ service, definition: await definitionOf(session, service, network) })),
  );
  const definitions = wanted.map(({ definition }) => definition);
  await removeReplaced(session, definitions);
  const running = wanted.map(({ service, definition }) =>
    step(emit, `service:${service.name}`, `service ${service.name}: starting`, async () => {
      const labels = { ...ownLabels(session), [LABELS.service]: service.name, [LABELS.definition]: definition };
      const { image, ports, command, ready } = service;
      const container = `${config.cluster.name}-service-${service.name}`;
      const env = valuesOf(service, session.env);
      const addresses = await startServiceContainer(engine, {
        name: service.name,
        container,
        image,
        ports,
        env,
        command,
        network,
        labels,
        ready,
        timeout: config.timeouts.service,
      });
      return { title: `service ${service.name} is running`, value: { ...addresses, config: service, definition } };
    }),
  );
  await Promise.allSettled(running);
  return Promise.all(running);
}

/**
 * Removes the service containers of this project and cluster. They are identified by their labels
 * only.
 */
export async function removeServices(session: Session): Promise<void> {
  await removeContainers(session, await ownContainers(session));
}

/** Removes the containers that have none of these definitions. */
async function removeReplaced(session: Session, definitions: readonly string[]): Promise<void> {
  const containers = await ownContainers(session);
  const replaced = containers.filter(({ Labels }) => !definitions.includes(Labels[LABELS.definition] ?? ''));
  if (replaced.length === 0) return;
  await waitForTests(session, kubeconfigPath(session.config), { what: 'cluster' });
  await removeContainers(session, replaced);
}

async function removeContainers({ engine }: Session, containers: readonly { Id: string }[]): Promise<void> {
  for (const { Id } of containers) await unlessMissing(engine.api.getContainer(Id).remove({ force: true, v: true }));
}

/** Stops the service containers. They keep their state. */
export async function stopServices(session: Session): Promise<void> {
  const containers = await ownContainers(session);
  await Promise.all(
    containers.filter(({ State }) => State === 'running').map(({ Id }) => session.engine.api.getContainer(Id).stop()),
  );
}

async function ownContainers(
  session: Session,
): Promise<{ Id: string; State: string; Labels: Record<string, string> }[]> {
  const label = [...Object.entries(ownLabels(session)).map(([name, value]) => `${name}=${value}`), LABELS.service];
  return session.engine.containersWith(label);
}

function ownLabels({ config }: Session): Record<string, string> {
  return { [LABELS.project]: config.project, [LABELS.cluster]: config.cluster.name };
}

/** A keyed digest, because values from the environment may be secrets. */
async function definitionOf(session: Session, service: ServiceConfig, network: string): Promise<string> {
  const image = await imageOf(session, service.image);
  const parts = [image?.id ?? service.image, network, service, valuesOf(service, session.env)];
  return createHmac('sha256', secretKey(session.env)).update(JSON.stringify(parts)).digest('hex');
}

/** Pulls the image if it is missing, so that its id is known. */
async function imageOf(session: Session, reference: string): Promise<DockerImage | undefined> {
  const { engine } = session;
  const found = await engine.image(reference);
  if (found) return found;
  await pullImage(reference, undefined, session);
  return engine.image(reference);
}

function valuesOf({ env }: ServiceConfig, environment: NodeJS.ProcessEnv): Record<string, string> {
  const values = Object.entries(env).map(
    ([name, source]) => [name, typeof source === 'string' ? source : environment[source.env]] as const,
  );
  return Object.fromEntries(values.filter((entry): entry is readonly [string, string] => entry[1] !== undefined));
}
