import { otherOwner } from '../config/judge-owner.ts';
import { ownerOf } from '../config/owner.ts';
import { HarnessError } from '../core/error.ts';
import { LABELS } from '../core/labels.ts';
import type { Session } from '../session.ts';
import type { ObservedService } from './decide-service.ts';

/** The part of the engine's answer about a container that is used here. */
interface InspectedService {
  Id: string;
  Name: string;
  Config: { Env?: string[] | null; Labels?: Record<string, string> | null };
  State: { Running: boolean };
  Mounts?: { Type: string; Name?: string; Destination: string }[] | null;
}

/** The name of a service's container. */
export function containerName(cluster: string, service: string): string {
  return `${cluster}-service-${service}`;
}

/** The labels of everything that belongs to the services of a project and cluster. */
export function serviceLabels({ config }: Pick<Session, 'config'>): Record<string, string> {
  return { [LABELS.project]: config.project, [LABELS.cluster]: config.cluster.name };
}

/** The same as a filter: with the name of any service. */
export function serviceFilter(session: Session): string[] {
  const labels = Object.entries(serviceLabels(session)).map(([name, value]) => `${name}=${value}`);
  return [...labels, LABELS.service];
}

/**
 * The containers of this project's services. They are known by labels and name: an image that was
 * committed from one hands its labels on.
 * @throws HarnessError CLUSTER_FOREIGN when another project has services with these names
 */
export async function observeServices(session: Session): Promise<ObservedService[]> {
  const { engine, config } = session;
  const listed = await engine.containersWith<{ Id: string }>(serviceFilter(session));
  const found = listed.map(({ Id }) => engine.json<InspectedService>('GET', `/containers/${Id}/json`));
  const observed = (await Promise.all(found)).flatMap((container) => (container ? toService(container) : []));
  const own = observed.filter(({ name, container }) => container === containerName(config.cluster.name, name));
  for (const { container, labels } of own) await assertOwnService(session, `container ${container}`, labels);
  return own;
}

/** @throws HarnessError CLUSTER_FOREIGN */
export async function assertOwnService(
  { config }: Session,
  what: string,
  labels: Readonly<Record<string, string>>,
): Promise<void> {
  const problem = otherOwner(labels[LABELS.owner], await ownerOf(config));
  if (problem === undefined) return;
  throw new HarnessError('CLUSTER_FOREIGN', `Refusing to touch ${what}: ${problem}.`, {
    next: 'Set another `project` or `cluster.name`, or remove it if it is not needed.',
  });
}

function toService(container: InspectedService): ObservedService & { container: string } {
  const { Id: id, Name, Config, State, Mounts } = container;
  const labels = Config.Labels ?? {};
  const env = (Config.Env ?? []).map((entry) => [
    entry.slice(0, entry.indexOf('=')),
    entry.slice(entry.indexOf('=') + 1),
  ]);
  const volumes = (Mounts ?? []).filter(({ Type, Name: name }) => Type === 'volume' && name !== undefined);
  return {
    id,
    container: Name.replace(/^\//, ''),
    name: labels[LABELS.service] ?? '',
    running: State.Running,
    labels,
    env: Object.fromEntries(env) as Record<string, string>,
    volumes: Object.fromEntries(volumes.map(({ Name: name, Destination }) => [Destination, name ?? ''])),
  };
}
