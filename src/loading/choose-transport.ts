import type { ClusterNode } from '../cluster/cluster.ts';
import { HarnessError, messageOf } from '../core/error.ts';
import { oncePer } from '../core/once-per.ts';
import { ensureRegistry } from '../registry/bring-up.ts';
import type { Registry } from '../registry/registry.ts';
import type { Session } from '../session.ts';
import { archiveTransport } from './archive-transport.ts';
import { chooseTransport } from './decide-transport.ts';
import { registryTransport } from './registry-transport.ts';
import { withFallback, type Transport } from './transport.ts';

/**
 * How images get into the nodes, settled once in a run.
 * @throws HarnessError as `ensureRegistry`, when the registry was asked for and cannot be had
 */
export function transportFor(session: Session, nodes: readonly ClusterNode[]): Promise<Transport> {
  const memory = transports(session);
  return (memory.transport ??= settleTransport(session, nodes));
}

const transports = oncePer<Session, { transport?: Promise<Transport> }>(() => ({}));

async function settleTransport(session: Session, nodes: readonly ClusterNode[]): Promise<Transport> {
  const { engine, config, emit, signal } = session;
  const found = config.transport === 'archive' ? undefined : await registryOrObstacle(session, nodes);
  signal.throwIfAborted();
  const choice = chooseTransport(config.transport, found instanceof HarnessError ? messageOf(found) : undefined);
  if (choice?.note !== undefined) emit({ type: 'note', level: 'info', message: choice.note });
  if (found instanceof HarnessError && !choice) throw found;
  const archive = archiveTransport(engine);
  if (choice?.transport === 'archive' || !found || found instanceof HarnessError) return archive;

  const registry = registryTransport(engine, found, await engine.architecture());
  if (config.transport === 'registry') return registry;
  return withFallback(registry, archive, (names, reason) =>
    emit({
      type: 'note',
      level: 'warning',
      message: `the way through the registry failed, so the whole image goes to ${names.join(', ')}: ${messageOf(reason)}`,
    }),
  );
}

async function registryOrObstacle(session: Session, nodes: readonly ClusterNode[]): Promise<Registry | HarnessError> {
  if (!session.engine.isLocal) {
    return new HarnessError(
      'LOAD',
      'Docker is reached over a network, and the registry beside the cluster is published on its own loopback.',
      {
        next: "Choose `load: { transport: 'auto' }` or 'archive'.",
      },
    );
  }
  try {
    return await ensureRegistry(session, nodes);
  } catch (error) {
    if (error instanceof HarnessError) return error;
    return new HarnessError('LOAD', `There is no registry beside the cluster: ${messageOf(error)}`, { cause: error });
  }
}
