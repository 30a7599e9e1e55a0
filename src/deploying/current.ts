import type { V1Pod } from '@kubernetes/client-node';
import { kubeList, type KubeAccess } from '../kubernetes/api.ts';
import { readGeneration, type Generation } from './generation.ts';
import type { Deployed } from './judge-current.ts';

/** What is deployed now where a run has deployed something. */
export async function readCurrent(
  kube: KubeAccess,
  namespace: string,
  { workloads }: Deployed,
): Promise<{ generation: Generation | undefined; pods: V1Pod[] }> {
  const namespaces = [...new Set(workloads.map((workload) => workload.namespace))];
  const [generation, ...pods] = await Promise.all([
    readGeneration(kube, namespace),
    ...namespaces.map(async (name) => (await kubeList<V1Pod>(kube, `/api/v1/namespaces/${name}/pods`)).items),
  ]);
  return { generation, pods: pods.flat() };
}
