import { loadTargets } from '../cluster/nodes.ts';
import { digestNames } from '../containerd/digest-names.ts';
import { HarnessError, messageOf } from '../core/error.ts';
import { readCurrent } from '../deploying/current.ts';
import { differences } from '../deploying/judge-current.ts';
import { openAccess } from '../kubernetes/access.ts';
import type { Session } from '../session.ts';
import type { Prepared } from './prepare.ts';

/**
 * How the cluster differs from what was deployed for the tests; empty if it does not. If that
 * cannot be found out, this is the difference.
 */
export async function whyNotCurrent(session: Session, prepared: Prepared): Promise<string[]> {
  const { context, deployed } = prepared;
  try {
    const now = await readCurrent(await openAccess(context.kubeconfig), context.namespace, deployed);
    const statuses = now.pods.flatMap(({ status }) => [
      ...(status?.initContainerStatuses ?? []),
      ...(status?.containerStatuses ?? []),
    ]);
    const names = statuses.some(({ imageID }) => imageID.includes('@')) ? await namesInNodes(session, prepared) : [];
    const ids = new Map(names);
    return differences(deployed, now, (imageId) => (imageId.includes('@') ? ids.get(imageId) : imageId));
  } catch (error) {
    session.signal.throwIfAborted();
    return [`the cluster could not be asked: ${messageOf(error)}`];
  }
}

/**
 * @param differences from what was deployed for the tests
 * @throws HarnessError NOT_CURRENT if there are any
 */
export function assertCurrent(differences: readonly string[]): void {
  if (differences.length === 0) return;
  throw new HarnessError('NOT_CURRENT', 'The tests may not have run on what this run deployed.', {
    detail: differences.join('\n'),
    next: 'Run them again. Nothing was remembered as passed.',
  });
}

async function namesInNodes(
  { engine }: Session,
  { nodes }: Pick<Prepared, 'nodes'>,
): Promise<(readonly [name: string, id: string])[]> {
  const each = await Promise.all(loadTargets(nodes).map(({ name }) => digestNames(engine, name)));
  return each.flatMap((names) => [...names]);
}
