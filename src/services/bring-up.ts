import { createHmac } from 'node:crypto';
import { waitForTests } from '../claims/wait-for-tests.ts';
import type { ClusterNode } from '../cluster/cluster.ts';
import { kubeconfigPath } from '../cluster/current.ts';
import { networkOf } from '../cluster/network.ts';
import type { ServiceConfig } from '../config/config.ts';
import { ownerOf } from '../config/owner.ts';
import { sha256 } from '../core/digest.ts';
import { HarnessError } from '../core/error.ts';
import { LABELS } from '../core/labels.ts';
import { step } from '../core/step.ts';
import { unlessMissing } from '../docker/engine.ts';
import { pullImage } from '../docker/registry-client.ts';
import { secretKey } from '../machine/secret-key.ts';
import type { Session } from '../session.ts';
import {
  decideService,
  definitionLabel,
  type ObservedService,
  type ServiceDecision,
  type WantedService,
} from './decide-service.ts';
import { containerName, observeServices, serviceLabels } from './observe-services.ts';
import { startServiceContainer, type ServiceAddresses } from './start-container.ts';
import { provideVolumes, removeOrKeepVolumes } from './volumes.ts';

/** A service that can be used. */
export interface RunningService extends ServiceAddresses {
  config: ServiceConfig;
  /** A digest that changes with everything that defines the service, including its image. */
  definition: string;
}

/** A service, its container, and what to do. */
interface PlannedService {
  service: ServiceConfig;
  wanted: WantedService;
  observed: ObservedService | undefined;
  decision: ServiceDecision;
}

/**
 * Starts the configured service containers next to the cluster, or reuses those of an earlier run.
 * Removes containers whose service was removed from the configuration or changed; their data stay.
 * @throws HarnessError SERVICE, CLUSTER_FOREIGN
 */
export async function bringServicesUp(session: Session, nodes: readonly ClusterNode[]): Promise<RunningService[]> {
  const { config, engine } = session;
  const network = config.services.length === 0 ? '' : await networkOf(engine, nodes[0]?.containerId ?? '');
  const containers = await observeServices(session);
  const plans = await Promise.all(config.services.map((service) => plan(session, service, network, containers)));
  await removeReplaced(session, plans, containers);
  const running = plans.map((planned) => start(session, planned));
  await Promise.allSettled(running);
  return Promise.all(running);
}

async function plan(
  session: Session,
  service: ServiceConfig,
  network: string,
  containers: readonly ObservedService[],
): Promise<PlannedService> {
  const observed = containers.find(({ name }) => name === service.name);
  const image = await imageOf(session, service, observed !== undefined);
  const settings = sha256(JSON.stringify({ ...service, env: Object.keys(service.env) }));
  const wanted = { parts: { image, network, settings }, env: valuesOf(service, session.env) };
  const decision = decideService(observed, observed?.labels[LABELS.definition], wanted);
  return { service, wanted, observed, decision };
}

async function start(
  session: Session,
  { service, wanted, observed, decision }: PlannedService,
): Promise<RunningService> {
  const { config, engine, emit } = session;
  const { name, image, ports, command, ready } = service;
  const { network } = wanted.parts;
  if (decision.unknown.length > 0) {
    const message = `service ${name} keeps its earlier value of ${decision.unknown.join(', ')}, which is not set now`;
    emit({ type: 'note', level: 'warning', message });
  }
  return step(emit, `service:${name}`, `service ${name}: starting`, async () => {
    const kept = decision.action === 'keep' ? observed : undefined;
    const addresses = await startServiceContainer(engine, {
      name,
      container: containerName(config.cluster.name, name),
      image,
      ports,
      env: decision.env,
      command,
      network,
      volumes: await provideVolumes(session, service, observed),
      labels: kept ? ownLabels(kept) : await labelsFor(session, service, wanted),
      ready,
      timeout: config.timeouts.service,
      replaceable: kept?.id,
    });
    const definition = definitionOf(session, [wanted.parts.image ?? image, network, service, decision.env]);
    return { title: `service ${name} is running`, value: { ...addresses, config: service, definition } };
  });
}

async function labelsFor(
  session: Session,
  { name }: ServiceConfig,
  { parts }: WantedService,
): Promise<Record<string, string>> {
  return {
    ...serviceLabels(session),
    [LABELS.service]: name,
    [LABELS.definition]: definitionLabel(parts),
    [LABELS.owner]: JSON.stringify(await ownerOf(session.config)),
  };
}

/** The labels that a container was given, without those of its image. */
function ownLabels({ labels }: ObservedService): Record<string, string> {
  const names = [LABELS.project, LABELS.cluster, LABELS.service, LABELS.definition, LABELS.owner];
  return Object.fromEntries(names.flatMap((name) => (labels[name] === undefined ? [] : [[name, labels[name]]])));
}

/**
 * Removes the service containers of this project and cluster.
 * @param volumes whether their data are removed, too
 */
export async function removeServices(session: Session, { volumes }: { volumes: boolean }): Promise<void> {
  const containers = await observeServices(session);
  await removeContainers(session, containers);
  await removeOrKeepVolumes(session, containers, volumes);
}

/** Removes the containers of services that changed or are not configured any more. */
async function removeReplaced(
  session: Session,
  plans: readonly PlannedService[],
  containers: readonly ObservedService[],
): Promise<void> {
  const changed = plans.flatMap(({ observed, decision }) =>
    observed && decision.action === 'replace' ? [{ container: observed, what: `recreating (${decision.reason})` }] : [],
  );
  const removed = containers
    .filter(({ name }) => plans.every(({ service }) => service.name !== name))
    .map((container) => ({ container, what: 'removing its container (it is not configured any more)' }));
  const due = [...changed, ...removed];
  if (due.length === 0) return;
  await waitForTests(session, kubeconfigPath(session.config), { what: 'cluster' });
  for (const { container, what } of due) {
    const volumes = Object.values(container.volumes);
    const data = volumes.length === 0 ? '' : `; its data stay in ${volumes.join(', ')}`;
    session.emit({ type: 'note', level: 'info', message: `service ${container.name}: ${what}${data}` });
  }
  await removeContainers(
    session,
    due.map(({ container }) => container),
  );
}

/** Removes containers, but no volumes. */
async function removeContainers({ engine }: Session, containers: readonly { id: string }[]): Promise<void> {
  for (const { id } of containers) await unlessMissing(engine.api.getContainer(id).remove({ force: true }));
}

/** Stops the service containers. They keep their state. */
export async function stopServices(session: Session): Promise<void> {
  const containers = await observeServices(session);
  await Promise.all(
    containers.filter(({ running }) => running).map(({ id }) => session.engine.api.getContainer(id).stop()),
  );
}

/** A keyed digest, because values from the environment may be secrets. */
function definitionOf({ env }: Session, parts: readonly unknown[]): string {
  return createHmac('sha256', secretKey(env)).update(JSON.stringify(parts)).digest('hex');
}

/**
 * The engine's id of a service's image, which is pulled if it is missing.
 * @returns undefined if it cannot be had, but a container of it exists
 */
async function imageOf(
  session: Session,
  { name, image }: ServiceConfig,
  hasContainer: boolean,
): Promise<string | undefined> {
  const { engine } = session;
  const found = await engine.image(image);
  if (found) return found.id;
  const problem = await pullImage(image, undefined, session);
  const pulled = await engine.image(image);
  if (pulled || hasContainer) return pulled?.id;
  throw new HarnessError('SERVICE', `Service ${name} (${image}) did not start: its image could not be pulled.`, {
    detail: problem,
    next: `Check \`services.${name}.image\` in the configuration.`,
  });
}

function valuesOf({ env }: ServiceConfig, environment: NodeJS.ProcessEnv): Record<string, string | undefined> {
  const values = Object.entries(env).map(
    ([name, source]) => [name, typeof source === 'string' ? source : environment[source.env]] as const,
  );
  return Object.fromEntries(values);
}
