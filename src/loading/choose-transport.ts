import type { ClusterNode } from '../cluster/cluster.ts';
import { HarnessError, messageOf } from '../core/error.ts';
import { oncePer } from '../core/once-per.ts';
import { ensureRegistry } from '../registry/bring-up.ts';
import type { Registry } from '../registry/registry.ts';
import type { Session } from '../session.ts';
import { archiveTransport } from './archive-transport.ts';
import { chooseTransport } from './decide-transport.ts';
import { RegistryTransport } from './registry-transport.ts';
import { withFallback, type Transport } from './transport.ts';

/**
 * How images get into the nodes, chosen once in a run.
 * @throws HarnessError as `ensureRegistry`, if the registry is required but cannot be used
 */
export function transportFor(session: Session, nodes: readonly ClusterNode[]): Promise<Transport> {
  const memory = transports(session);
  return (memory.transport ??= findTransport(session, nodes));
}

const transports = oncePer<Session, { transport?: Promise<Transport> }>(() => ({}));

async function findTransport(session: Session, nodes: readonly ClusterNode[]): Promise<Transport> {
  const { engine, config, emit, signal } = session;
  const found = config.transport === 'archive' ? undefined : await registryOrObstacle(session, nodes);
  signal.throwIfAborted();
  const choice = chooseTransport(config.transport, found instanceof HarnessError ? messageOf(found) : undefined);
  if (choice?.note !== undefined) emit({ type: 'note', level: 'info', message: choice.note });
  if (found instanceof HarnessError && !choice) throw found;
  const archive = archiveTransport(engine);
  if (choice?.transport === 'archive' || !found || found instanceof HarnessError) return archive;

  const registry = new RegistryTransport(engine, found, await engine.architecture());
  if (config.transport === 'registry') return registry;
  return withFallback(registry, archive, (names, error) =>
    emit({
      type: 'note',
      level: 'warning',
      message: `loading through the registry failed, sending the whole image to ${names.join(', ')} instead: ${messageOf(error)}`,
    }),
  );
}

async function registryOrObstacle(session: Session, nodes: readonly ClusterNode[]): Promise<Registry | HarnessError> {
  if (!session.engine.isLocal) {
    return new HarnessError(
      'LOAD',
      'Docker runs on another machine, and the local registry is published on the loopback of that machine only.',
      {
        next: "Set `load: { transport: 'auto' }` or `load: { transport: 'archive' }`.",
      },
    );
  }
  try {
    return await ensureRegistry(session, nodes);
  } catch (error) {
    if (error instanceof HarnessError) return error;
    return new HarnessError('LOAD', `Could not start the local registry: ${messageOf(error)}`, { cause: error });
  }
}
