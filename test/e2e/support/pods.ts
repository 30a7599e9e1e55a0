import { AppsV1Api, CoreV1Api, KubeConfig, type V1Pod } from '@kubernetes/client-node';
import { eventually } from './tools.ts';

function connect(kubeconfig: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  return config;
}

function core(kubeconfig: string): CoreV1Api {
  return connect(kubeconfig).makeApiClient(CoreV1Api);
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

/** Gives a Deployment of a project another image, as a user could, and waits for its new pod. */
export async function replaceImage(
  { kubeconfig, namespace }: { kubeconfig: string; namespace: string },
  image: string,
  name = 'app',
): Promise<void> {
  const apps = connect(kubeconfig).makeApiClient(AppsV1Api);
  const deployment = await apps.readNamespacedDeployment({ name, namespace });
  deployment.spec!.template.spec!.containers[0]!.image = image;
  await apps.replaceNamespacedDeployment({ name, namespace, body: deployment });
  await eventually('the new pod exists', async () => {
    const pods = await podsIn(kubeconfig, namespace);
    return pods.some(({ spec }) => spec?.containers[0]?.image === image);
  });
}
