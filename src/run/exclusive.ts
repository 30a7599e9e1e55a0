import { takeLock } from '../machine/lock.ts';
import type { Session } from '../session.ts';

/**
 * Runs `work` while holding the cluster's lock, so that no other harness process changes the
 * cluster.
 * @param command the name of this program, shown to other harness processes that wait
 */
export async function exclusively<T>(
  { config, env, emit, signal }: Session,
  command: string,
  work: () => Promise<T>,
): Promise<T> {
  const { name } = config.cluster;
  const onWait = (holder: string) =>
    emit({ type: 'note', level: 'info', message: `waiting for ${holder}, which is using cluster ${name}` });
  const release = await takeLock(name, command, { env, signal, onWait });
  try {
    return await work();
  } finally {
    release();
  }
}
