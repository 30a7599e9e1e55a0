import { groupOf } from '../kubernetes/kinds.ts';

/** Kinds of versions that every server of today has dropped, and where they are now. */
const REMOVED: readonly [apiVersion: string, kinds: readonly string[], since: string, now: string][] = [
  ['extensions/v1beta1', ['DaemonSet', 'Deployment', 'ReplicaSet'], '1.16', 'apps/v1'],
  ['extensions/v1beta1', ['NetworkPolicy'], '1.16', 'networking.k8s.io/v1'],
  ['extensions/v1beta1', ['Ingress'], '1.22', 'networking.k8s.io/v1'],
  ['apps/v1beta1', ['Deployment', 'StatefulSet'], '1.16', 'apps/v1'],
  ['apps/v1beta2', ['DaemonSet', 'Deployment', 'ReplicaSet', 'StatefulSet'], '1.16', 'apps/v1'],
  ['networking.k8s.io/v1beta1', ['Ingress', 'IngressClass'], '1.22', 'networking.k8s.io/v1'],
  [
    'rbac.authorization.k8s.io/v1beta1',
    ['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'],
    '1.22',
    'rbac.authorization.k8s.io/v1',
  ],
  ['apiextensions.k8s.io/v1beta1', ['CustomResourceDefinition'], '1.22', 'apiextensions.k8s.io/v1'],
  ['apiregistration.k8s.io/v1beta1', ['APIService'], '1.22', 'apiregistration.k8s.io/v1'],
  [
    'admissionregistration.k8s.io/v1beta1',
    ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'],
    '1.22',
    'admissionregistration.k8s.io/v1',
  ],
  ['scheduling.k8s.io/v1beta1', ['PriorityClass'], '1.22', 'scheduling.k8s.io/v1'],
  ['storage.k8s.io/v1beta1', ['CSIDriver', 'CSINode', 'StorageClass', 'VolumeAttachment'], '1.22', 'storage.k8s.io/v1'],
  ['coordination.k8s.io/v1beta1', ['Lease'], '1.22', 'coordination.k8s.io/v1'],
  ['certificates.k8s.io/v1beta1', ['CertificateSigningRequest'], '1.22', 'certificates.k8s.io/v1'],
  ['batch/v2alpha1', ['CronJob'], '1.21', 'batch/v1'],
];

/**
 * Says so if no server has an object's API version any more, and which one to use. Later removals
 * depend on the server; it is asked when the object is applied.
 */
export function removedApi(apiVersion: string, kind: string): string | undefined {
  const found = REMOVED.find(([version, kinds]) => version === apiVersion && kinds.includes(kind));
  if (!found) return undefined;
  const [, , since, now] = found;
  const what = groupOf(apiVersion) === groupOf(now) ? 'with its new fields' : 'with the fields of that group';
  return `Kubernetes has had no ${kind} in \`${apiVersion}\` since ${since}: use \`${now}\`, ${what}`;
}
