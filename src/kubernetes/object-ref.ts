import type { KubernetesObject } from '@kubernetes/client-node';

/**
 * Names an object for the helpers: `deployment/api`, or an object with apiVersion, kind and name.
 */
export type What = string | ObjectRef | KubernetesObject;

/** The identity of an object in the cluster. */
export interface ObjectRef {
  apiVersion: string;
  kind: string;
  name: string;
  /** Absent for cluster-scoped objects. */
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
 * Parses `deployment/api`. The kind may be one of kubectl's short names; a name alone is a pod's.
 * @throws Error for a kind that is not a common one
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
      `\`${text}\` does not name an object. Expected \`<kind>/<name>\` with one of the kinds ${Object.keys(KINDS).join(', ')}, or an object with apiVersion, kind and name.`,
    );
  }
  return { apiVersion: known[0], kind: known[1], name, namespace };
}

/**
 * Reads the identity of an object of unknown type.
 * @throws TypeError when the object does not have it
 */
export function refOf(object: unknown): ObjectRef {
  const { apiVersion, kind, metadata, ...rest } = (object ?? {}) as Partial<KubernetesObject & ObjectRef>;
  const [name, namespace] = [rest.name ?? metadata?.name, rest.namespace ?? metadata?.namespace];
  if (apiVersion !== undefined && kind !== undefined && name !== undefined)
    return { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) };
  throw new TypeError(
    "Expected an object with apiVersion, kind and name, such as what `apply` returned, or `namespace.ref('deployment/api')`.",
  );
}

/** For messages: `Deployment api in namespace shop`. */
export function describeRef({ kind, name, namespace }: ObjectRef): string {
  return namespace === undefined ? `${kind} ${name}` : `${kind} ${name} in namespace ${namespace}`;
}
