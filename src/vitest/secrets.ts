import type { V1Secret } from '@kubernetes/client-node';
import { kubeList } from '../kubernetes/api.ts';
import { secretValues } from '../kubernetes/redact.ts';
import type { Namespace } from './namespace.ts';

/** What must not be read in anything that is printed or written of a namespace: the values of the Secrets that are there, or were applied. */
export async function secretsIn({ name, cluster, applied }: Namespace): Promise<string[]> {
  const { items } = await kubeList<V1Secret>(cluster.kube, `/api/v1/namespaces/${name}/secrets`);
  return secretValues([...items, ...(applied.filter(({ kind }) => kind === 'Secret') as V1Secret[])]);
}
