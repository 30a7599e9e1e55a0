import { isBuiltIn } from '../kubernetes/kinds.ts';
import type { ManifestObject } from '../kubernetes/manifest.ts';

/**
 * Kinds that others depend on, in the order in which they are applied. Unlisted kinds come after
 * these and before `LAST`.
 */
const FIRST = [
  'Namespace',
  'CustomResourceDefinition',
  'PriorityClass',
  'StorageClass',
  'ServiceAccount',
  'ClusterRole',
  'Role',
  'ClusterRoleBinding',
  'RoleBinding',
  'ConfigMap',
  'Secret',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'Service',
];
const LAST = [
  'DaemonSet',
  'Deployment',
  'StatefulSet',
  'ReplicaSet',
  'ReplicationController',
  'Pod',
  'Job',
  'CronJob',
  'Ingress',
  'HorizontalPodAutoscaler',
];

/**
 * Sorts objects so that each comes after those that it refers to. Within a kind, keeps the order of
 * the manifests.
 */
export function inOrder(objects: readonly ManifestObject[]): ManifestObject[] {
  const rank = ({ object }: ManifestObject) => {
    const kind = isBuiltIn(object.apiVersion) ? object.kind : ''; // others may have kinds of these names
    const first = FIRST.indexOf(kind);
    if (first !== -1) return first;
    const last = LAST.indexOf(kind);
    return last === -1 ? FIRST.length : FIRST.length + 1 + last;
  };
  return [...objects].sort((a, b) => rank(a) - rank(b));
}
