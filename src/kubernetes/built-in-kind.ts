import { groupOf } from './kinds.ts';

const CORE = [
  'ConfigMap',
  'Namespace',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'Pod',
  'PodTemplate',
  'ReplicationController',
  'Secret',
  'Service',
  'ServiceAccount',
];
const ADMISSION = [
  'MutatingAdmissionPolicy',
  'MutatingWebhookConfiguration',
  'ValidatingAdmissionPolicy',
  'ValidatingWebhookConfiguration',
];

/** The kinds of Kubernetes' own that this package knows something about, by their group. */
const KINDS: ReadonlyMap<string, readonly string[]> = new Map([
  ['', CORE],
  ['apps', ['DaemonSet', 'Deployment', 'ReplicaSet', 'StatefulSet']],
  ['batch', ['CronJob', 'Job']],
  ['autoscaling', ['HorizontalPodAutoscaler']],
  ['policy', ['PodDisruptionBudget']],
  ['admissionregistration.k8s.io', ADMISSION],
  ['apiextensions.k8s.io', ['CustomResourceDefinition']],
  ['apiregistration.k8s.io', ['APIService']],
  ['networking.k8s.io', ['Ingress', 'IngressClass', 'NetworkPolicy']],
  ['rbac.authorization.k8s.io', ['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding']],
  ['scheduling.k8s.io', ['PriorityClass']],
  ['storage.k8s.io', ['StorageClass']],
]);

/**
 * The kind of an object if it is one of Kubernetes' own. A StatefulSet of another group, such as
 * `apps.kruise.io`, is a custom resource: it has its own fields and its own controller.
 */
export function builtInKind(object: { apiVersion?: string; kind?: string }): string | undefined {
  const { apiVersion, kind } = object;
  return kind !== undefined && KINDS.get(groupOf(apiVersion ?? ''))?.includes(kind) ? kind : undefined;
}
