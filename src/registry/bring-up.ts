import type { ClusterNode } from '../cluster/cluster.ts';
import { networkOf } from '../cluster/network.ts';
import { ownerOf } from '../config/owner.ts';
import { sha256 } from '../core/digest.ts';
import { HarnessError, messageOf } from '../core/error.ts';
import { oncePer } from '../core/once-per.ts';
import { step } from '../core/step.ts';
import type { Session } from '../session.ts';
import { ensureRegistryImage, registrySettings } from '../system-images/registry-image.ts';
import { findManifest, listTags, registryAnswers, type StoredImage } from './client.ts';
import { createRegistry, removeRegistry, startRegistry, usable } from './container.ts';
import { decideRegistry, isOurs, type WantedRegistry } from './decide-registry.ts';
import { observeRegistry } from './observe.ts';
import { registryName, type ObservedRegistry, type Registry, type RegistryAccess } from './registry.ts';

/**
 * The image for the registry, provided once per run. It may be compiled while the cluster is being
 * created.
 */
export const registryImage: (session: Session) => Promise<string> = oncePer((session) => {
  const image = ensureRegistryImage(session.engine, session);
  image.catch(() => undefined); // reported by the caller that awaits it, if any
  return image;
});

/**
 * Creates, starts or recreates the local registry if needed, and waits until it answers.
 * @throws HarnessError CLUSTER_FOREIGN when a container of that name is not ours, NODE_IMAGE, LOAD
 */
export async function ensureRegistry(session: Session, nodes: readonly ClusterNode[]): Promise<Registry> {
  const { engine, config, emit, signal } = session;
  const cluster = config.cluster.name;
  const name = registryName(cluster);
  const settings = registrySettings();
  const [image, network] = await Promise.all([registryImage(session), networkOf(engine, nodes[0]?.containerId ?? '')]);
  const definition = sha256(`${image}\n${settings}`);
  const owner = await ownerOf(config);
  const wanted: WantedRegistry = { project: config.project, cluster, owner, definition, network };

  const observed = await observeRegistry(engine, cluster);
  const decision = decideRegistry(observed, wanted);
  if (decision.action === 'refuse') throw foreignRegistry(name, decision.reason);
  const running = await usable(engine, observed);
  if (decision.action === 'use' && running && (await registryAnswers(running))) return running;

  const recreate = async () => {
    if (observed) await removeRegistry(engine, observed.containerId);
    return startRegistry(engine, await createRegistry(engine, wanted, image, settings), signal);
  };
  return step(emit, 'registry', `registry ${name}`, async () => {
    if (decision.action === 'create') return { title: `registry ${name} created`, value: await recreate() };
    if (decision.action === 'recreate')
      return { title: `registry ${name} recreated (${decision.reason})`, value: await recreate() };
    let reason = 'it did not answer';
    if (decision.action === 'start' && observed) {
      try {
        return {
          title: `registry ${name} started (${decision.reason})`,
          value: await startRegistry(engine, observed.containerId, signal),
        };
      } catch (error) {
        signal.throwIfAborted();
        reason = messageOf(error);
      }
    }
    return { title: `registry ${name} recreated (${reason})`, value: await recreate() };
  });
}

/** Removes the local registry and its content, if it exists and is ours. */
export async function takeRegistryDown(session: Session): Promise<void> {
  const observed = await ownRegistry(session);
  if (!observed || session.config.keepRegistry) return;
  await step(session.emit, 'registry', 'registry: deleting', async () => {
    await removeRegistry(session.engine, observed.containerId);
    return { title: `registry ${registryName(session.config.cluster.name)} deleted`, value: undefined };
  });
}

/** Stops the local registry. It keeps its content. */
export async function stopRegistry(session: Session): Promise<void> {
  const observed = await ownRegistry(session);
  if (observed?.running) await session.engine.api.getContainer(observed.containerId).stop();
}

/** The local registry, if it exists and is ours. */
async function ownRegistry({ engine, config }: Session): Promise<ObservedRegistry | undefined> {
  const observed = await observeRegistry(engine, config.cluster.name);
  if (!observed) return undefined;
  const wanted = { project: config.project, cluster: config.cluster.name, owner: await ownerOf(config) };
  return isOurs(observed, wanted) ? observed : undefined;
}

/** The same, if it is running. */
export async function runningRegistry(session: Session): Promise<Registry | undefined> {
  return usable(session.engine, await ownRegistry(session));
}

/** The images in the registry. */
export async function storedImages({ engine }: Session, registry: RegistryAccess): Promise<StoredImage[]> {
  const [tags, architecture] = await Promise.all([listTags(registry), engine.architecture()]);
  const stored = tags.map(async (tag): Promise<StoredImage[]> => {
    const found = await findManifest(registry, tag, architecture);
    return found ? [{ tag, digest: found.digest, ...found.manifest }] : [];
  });
  return (await Promise.all(stored)).flat();
}

function foreignRegistry(name: string, reason: string): HarnessError {
  return new HarnessError('CLUSTER_FOREIGN', `Refusing to touch container ${name}: ${reason}.`, {
    next: 'The local registry needs that name. Rename the container, or choose another `cluster.name`.',
  });
}
