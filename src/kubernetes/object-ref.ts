import type { KubernetesObject } from '@kubernetes/client-node';

/**
 * What names an object for the helpers: `deployment/api`, or an object with apiVersion, kind and
 * name.
 */
export type What = string | ObjectRef | KubernetesObject;

/** Names one object of the cluster. */
export interface ObjectRef {
  apiVersion: string;
  kind: string;
  name: string;
  /** Absent for what stands in no namespace. */
  namespace?: string;
}

const KINDS: Record<string, readonly [apiVersion: string, kind: string, ...otherNames: string[]]> = {
  pod: ['v1', 'Pod', 'po'],
  service: ['v1', 'Service', 'svc'],
  configmap: ['v1', 'ConfigMap', 'cm'],
  secret: ['v1', 'Secret'],
  serviceaccount: ['v1', 'ServiceAccount', 'sa'],
  persistentvolumeclaim: ['v1', 'PersistentVolumeClaim', 'pvc'],
  deployment: ['apps/v1', 'Deployment', 'deploy'],
  statefulset: ['apps/v1', 'StatefulSet', 'sts'],
  daemonset: ['apps/v1', 'DaemonSet', 'ds'],
  replicaset: ['apps/v1', 'ReplicaSet', 'rs'],
  job: ['batch/v1', 'Job'],
  cronjob: ['batch/v1', 'CronJob', 'cj'],
  ingress: ['networking.k8s.io/v1', 'Ingress', 'ing'],
};

/**
 * Reads `deployment/api`, with kubectl's short names; a name alone is a pod's.
 * @throws Error for a kind that is not among the common ones
 */
export function readRef(text: string, namespace: string): ObjectRef {
  const [kind, name, ...more] = text.includes('/') ? text.split('/') : ['pod', text];
  const word = (kind ?? '').toLowerCase();
  const known =
    KINDS[word] ??
    KINDS[word.replace(/s$/, '')] ??
    Object.values(KINDS).find(([, , ...others]) => others.includes(word));
  if (!known || !name || more.length > 0) {
    throw new Error(
      `\`${text}\` names no object: expected \`<kind>/<name>\` with one of ${Object.keys(KINDS).join(', ')}, or an object with apiVersion, kind and name.`,
    );
  }
  return { apiVersion: known[0], kind: known[1], name, namespace };
}

/**
 * The names of an object, of which the type does not tell whether it has them.
 * @throws TypeError when it does not
 */
export function refOf(object: unknown): ObjectRef {
  const { apiVersion, kind, metadata, ...rest } = (object ?? {}) as Partial<KubernetesObject & ObjectRef>;
  const [name, namespace] = [rest.name ?? metadata?.name, rest.namespace ?? metadata?.namespace];
  if (apiVersion !== undefined && kind !== undefined && name !== undefined)
    return { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) };
  throw new TypeError(
    "Expected an object with apiVersion, kind and name: what `apply` returned, or `namespace.ref('deployment/api')`.",
  );
}

/** As people write it: `Deployment api`. */
export function refWords({ kind, name, namespace }: ObjectRef): string {
  return namespace === undefined ? `${kind} ${name}` : `${kind} ${name} in the namespace ${namespace}`;
}
