import type { ServiceConfig } from '../config/config.ts';
import { ownerOf } from '../config/owner.ts';
import { otherOwner } from '../config/judge-owner.ts';
import { sha256 } from '../core/digest.ts';
import { HarnessError } from '../core/error.ts';
import { LABELS } from '../core/labels.ts';
import { step } from '../core/step.ts';
import { count } from '../core/words.ts';
import type { Session } from '../session.ts';
import type { ObservedService } from './decide-service.ts';
import { assertOwnService, containerName, serviceFilter, serviceLabels } from './observe-services.ts';

interface Volume {
  Name: string;
  Labels?: Record<string, string> | null;
}

/**
 * The volumes of a service, by their paths in the container: one for each path that its image
 * declares. They outlive the container, so that the data are there whatever it is recreated for.
 * @param before the container that is replaced; the volumes of one of an earlier version are taken over
 * @throws HarnessError SERVICE, CLUSTER_FOREIGN
 */
export async function provideVolumes(
  session: Session,
  { name, image }: Pick<ServiceConfig, 'name' | 'image'>,
  before: Pick<ObservedService, 'volumes'> | undefined,
): Promise<Record<string, string>> {
  const provided = (await declaredPaths(session, image)).map(async (path) => {
    const volume = before?.volumes[path] ?? (await provideVolume(session, name, path));
    return [path, volume] as const;
  });
  return Object.fromEntries(await Promise.all(provided));
}

async function declaredPaths({ engine }: Session, reference: string): Promise<string[]> {
  const path = reference.split('/').map(encodeURIComponent).join('/');
  const image = await engine.json<{ Config?: { Volumes?: Record<string, object> | null } }>(
    'GET',
    `/images/${path}/json`,
  );
  return Object.keys(image?.Config?.Volumes ?? {});
}

/** Creates a volume, or finds that of an earlier run. */
async function provideVolume(session: Session, service: string, path: string): Promise<string> {
  const { engine, config } = session;
  const name = `${containerName(config.cluster.name, service)}-${sha256(path).slice(0, 8)}`;
  const owner = JSON.stringify(await ownerOf(config));
  const wanted: Record<string, string> = {
    ...serviceLabels(session),
    [LABELS.service]: service,
    [LABELS.owner]: owner,
  };
  // Docker answers with the volume that exists.
  const volume = await engine.json<Volume>('POST', '/volumes/create', { Name: name, Labels: wanted });
  const labels = volume?.Labels ?? {};
  const isOurs = [LABELS.project, LABELS.cluster, LABELS.service].every((label) => labels[label] === wanted[label]);
  if (!isOurs) {
    throw new HarnessError(
      'SERVICE',
      `Refusing to use volume ${name} for service ${service}: this harness did not create it.`,
      {
        next: `Rename the service, or remove the volume if it is not needed: docker volume rm ${name}`,
      },
    );
  }
  await assertOwnService(session, `volume ${name}`, labels);
  return name;
}

/** The names of all volumes that hold data of this project's services. */
async function dataVolumes(session: Session, containers: readonly ObservedService[]): Promise<string[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: serviceFilter(session) }));
  const found = await session.engine.json<{ Volumes?: Volume[] | null }>('GET', `/volumes?filters=${filters}`);
  const self = await ownerOf(session.config);
  const labelled = (found?.Volumes ?? []).filter(
    ({ Labels }) => otherOwner(Labels?.[LABELS.owner], self) === undefined,
  );
  const mounted = containers.flatMap(({ volumes }) => Object.values(volumes));
  return [...new Set([...labelled.map(({ Name }) => Name), ...mounted])].sort();
}

/**
 * Removes the volumes of services whose containers were removed, or says which ones stay.
 * @param containers the removed ones
 */
export async function removeOrKeepVolumes(
  session: Session,
  containers: readonly ObservedService[],
  remove: boolean,
): Promise<void> {
  const { engine, emit } = session;
  const names = await dataVolumes(session, containers);
  if (names.length === 0) return;
  if (!remove) {
    const message = `the data of services stay in ${names.join(', ')}; remove them with \`--volumes\``;
    emit({ type: 'note', level: 'info', message });
    return;
  }
  await step(emit, 'volumes', `removing the data of services: ${names.join(', ')}`, async () => {
    for (const name of names) {
      const { status, body } = await engine.ask('DELETE', `/volumes/${encodeURIComponent(name)}`);
      if (status >= 300 && status !== 404)
        throw new HarnessError('SERVICE', `Docker could not remove volume ${name}.`, {
          detail: body.toString('utf8').trim(),
        });
    }
    return { title: `${count(names.length, 'volume')} of services removed: ${names.join(', ')}`, value: undefined };
  });
}
