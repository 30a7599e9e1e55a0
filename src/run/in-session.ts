import type { Session } from '../session.ts';

/**
 * Runs an operation in a session of its own, because a session remembers what it read: sources, nodes
 * and Docker may have changed since the last operation. The results are kept together. The values of
 * secrets are masked in errors.
 */
export async function inSession<T>(opened: Session, work: (session: Session) => Promise<T>): Promise<T> {
  const session = { ...opened };
  try {
    return await work(session);
  } catch (error) {
    throw session.redactor.redactError(error);
  } finally {
    opened.tests = session.tests;
  }
}
