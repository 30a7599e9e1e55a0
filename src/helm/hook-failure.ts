import type { V1Pod } from '@kubernetes/client-node';
import type { DeployStep } from '../config/deploy-step.ts';
import { rolloutError } from '../deploying/rollout-error.ts';
import { kubeList } from '../kubernetes/api.ts';
import { newestRelease } from './release-record.ts';
import type { ReleaseContext } from './release-context.ts';

/**
 * What the pods of a release's hooks say about a failure: Helm itself only says that a job failed.
 * @returns a text for each pod that did not succeed
 */
export async function explainHooks(
  { namespace, release: name }: Extract<DeployStep, { kind: 'helm' }>,
  { kube }: ReleaseContext,
): Promise<string[]> {
  const release = await newestRelease(kube, namespace, name).catch(() => undefined);
  const hooks = new Set(release?.hooks.map((hook) => `${hook.kind}/${hook.name}`));
  if (hooks.size === 0) return [];
  const pods = await kubeList<V1Pod>(kube, `/api/v1/namespaces/${namespace}/pods`);
  const failed = pods.items.filter((pod) => isOf(pod, hooks) && pod.status?.phase !== 'Succeeded');
  return Promise.all(
    failed.map(async ({ metadata, status }) => {
      const waiting = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].find(
        ({ state }) => state?.waiting,
      );
      const reason = waiting?.state?.waiting?.reason ?? status?.reason ?? status?.phase ?? 'unknown';
      const message = waiting?.state?.waiting?.message ?? status?.message ?? '';
      const pod = metadata?.name ?? '';
      const container = waiting?.name;
      const error = await rolloutError(kube, {
        ...{ pod, namespace, reason, message },
        ...(container === undefined ? {} : { container }),
      });
      return [`Hook: ${error.message}`, error.detail ?? '', reason.includes('Image') ? IMAGES : '']
        .filter((part) => part !== '')
        .join('\n');
    }),
  );
}

const IMAGES =
  'Helm 3 does not let images be filled in for hooks: name a configured image in them with values such as `{image.<name>}`, and not with `imagePullPolicy: Always`.';

function isOf({ metadata }: V1Pod, hooks: ReadonlySet<string>): boolean {
  if (hooks.has(`Pod/${metadata?.name}`)) return true;
  return (metadata?.ownerReferences ?? []).some(({ kind, name }) => hooks.has(`${kind}/${name}`));
}
