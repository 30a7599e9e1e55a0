import { takeLock } from '../locking/take-lock.ts';
import { LOCKS_VARIABLE } from '../locking/turn.ts';
import type { Session } from '../session.ts';

/**
 * Runs `work` while holding the cluster's lock, so that no other run that uses the same engine changes
 * the cluster.
 * @param command the name of this program, shown to other runs that wait
 * @throws HarnessError LOCKED
 */
export async function exclusively<T>(session: Session, command: string, work: () => Promise<T>): Promise<T> {
  const { config, env, emit, signal, engine, lockTimeout } = session;
  const { name } = config.cluster;
  const note = (level: 'info' | 'warning', message: string) => emit({ type: 'note', level, message });
  const lock = await takeLock({ name, what: `cluster ${name}`, engine }, command, {
    env,
    signal,
    timeout: lockTimeout === undefined ? undefined : lockTimeout * 1_000,
    onWait: (holder) => note('info', `waiting for ${holder}, which is using cluster ${name}`),
    onLeft: (names) => note('warning', `ending what a killed run left at work: ${names.join(', ')}`),
  });
  session.env = { ...env, [LOCKS_VARIABLE]: `${env[LOCKS_VARIABLE] ?? ''} ${lock.token}`.trim() };
  try {
    return await work();
  } finally {
    session.env = env;
    await lock.release();
  }
}
