import type { V1LabelSelector, V1Pod } from '@kubernetes/client-node';
import { kubeList, kubeRequest, type KubeObject } from '../kubernetes/api.ts';
import type { ObjectRef } from '../kubernetes/object-ref.ts';
import type { Namespace, What } from './namespace.ts';

/** Which pods are meant. */
export interface PodsMeant {
  /** For messages. */
  words: string;
  includes: (pod: V1Pod) => boolean;
}

/**
 * The pods that are meant by a pod's name, by a workload or Service (`deployment/api`), or by labels (`app=api,tier=web`).
 * @throws Error when the workload is not there
 */
export async function podsMeant(namespace: Namespace, what: What): Promise<PodsMeant> {
  if (typeof what === 'string' && what.includes('=')) {
    const wanted = what.split(',').map((part) => part.split(/==?/).map((word) => word.trim()));
    const includes = ({ metadata }: V1Pod) => wanted.every(([label = '', value]) => metadata?.labels?.[label] === value);
    return { words: `a pod with the labels ${what}`, includes };
  }
  const ref = namespace.ref(what);
  if (ref.kind === 'Pod') return { words: `the pod ${ref.name}`, includes: ({ metadata }) => metadata?.name === ref.name };
  const selects = await selectorOf(namespace, ref);
  return { words: `a pod of ${ref.kind} ${ref.name}`, includes: ({ metadata }) => selects(metadata?.labels ?? {}) };
}

export function podsPath(namespace: Namespace): string {
  return `/api/v1/namespaces/${namespace.name}/pods`;
}

/** The pods that are there now, by their names. */
export async function podsNow(namespace: Namespace, { includes }: PodsMeant): Promise<V1Pod[]> {
  return (await kubeList<V1Pod>(namespace.cluster.kube, podsPath(namespace))).items.filter(includes);
}

async function selectorOf({ name, cluster }: Namespace, ref: ObjectRef): Promise<(labels: Record<string, string>) => boolean> {
  const path = await cluster.resources.pathOf({ ...ref, metadata: { name: ref.name } }, name);
  const object = await kubeRequest<KubeObject>(cluster.kube, 'GET', path);
  const { selector } = (object['spec'] ?? {}) as { selector?: V1LabelSelector | Record<string, string> };
  if (!selector) throw new Error(`${ref.kind} ${ref.name} selects no pods.`);
  if (ref.kind === 'Service') return (labels) => Object.entries(selector).every(([label, value]) => labels[label] === value);
  const { matchLabels = {}, matchExpressions = [] } = selector as V1LabelSelector;
  return (labels) =>
    Object.entries(matchLabels).every(([label, value]) => labels[label] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key];
      if (operator === 'Exists') return value !== undefined;
      if (operator === 'DoesNotExist') return value === undefined;
      return (value !== undefined && values.includes(value)) === (operator === 'In');
    });
}
