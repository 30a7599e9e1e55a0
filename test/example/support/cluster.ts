import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { inject } from 'vitest';

/** What the harness tells the tests: how to reach the cluster, and the namespace it deployed to. */
const { kubeconfig } = inject('harness');
export const { namespace } = inject('harness');

export const config = new KubeConfig();
config.loadFromFile(kubeconfig);

export const core = config.makeApiClient(CoreV1Api);
