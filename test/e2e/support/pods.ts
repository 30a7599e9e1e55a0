import { CoreV1Api, KubeConfig, type V1Pod } from '@kubernetes/client-node';
import { eventually } from './tools.ts';

function core(kubeconfig: string): CoreV1Api {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  return config.makeApiClient(CoreV1Api);
}

/** The pods of a namespace, without those that are being deleted. */
export async function podsIn(kubeconfig: string, namespace: string): Promise<V1Pod[]> {
  const { items } = await core(kubeconfig).listNamespacedPod({ namespace });
  return items.filter((pod) => pod.metadata?.deletionTimestamp === undefined);
}

/** What a pod printed. Waits for the first output, which is logged a moment after the start. */
export async function logOf(kubeconfig: string, pod: V1Pod, container?: string): Promise<string> {
  const { name = '', namespace = '' } = pod.metadata ?? {};
  return eventually(`the pod ${name} has a log`, async () => {
    const text = await core(kubeconfig).readNamespacedPodLog({
      name,
      namespace,
      ...(container === undefined ? {} : { container }),
    });
    return text.trim() || undefined;
  });
}

/** The only pod of a namespace, and its log. */
export async function onlyPod(kubeconfig: string, namespace: string): Promise<{ pod: V1Pod; log: string }> {
  const pods = await podsIn(kubeconfig, namespace);
  if (pods.length !== 1)
    throw new Error(
      `Expected one pod in ${namespace}, found ${pods.map((pod) => pod.metadata?.name).join(', ') || 'none'}.`,
    );
  return { pod: pods[0]!, log: await logOf(kubeconfig, pods[0]!) };
}
