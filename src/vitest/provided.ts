import { inject } from 'vitest';
import { KubeResources } from '../kubernetes/resources.ts';
import { openAccess } from '../kubernetes/access.ts';
import type { KubeAccess } from '../kubernetes/api.ts';
import type { VitestContext } from '../model/test-run.ts';

/** The cluster as helpers reach it. */
export interface Cluster {
  kube: KubeAccess;
  resources: KubeResources;
}

/**
 * What the global setup provided.
 * @throws Error when there was none
 */
export function provided(): VitestContext {
  const context = inject('harness') as VitestContext | undefined;
  if (context) return context;
  throw new Error("Nothing was brought up for these tests.\n→ Add `globalSetup: ['kind-harness/vitest']` to vitest's configuration.");
}

let opened: Promise<Cluster> | undefined;

/** One for all tests of a worker: its connections stay open. */
export function openCluster(): Promise<Cluster> {
  opened ??= openAccess(provided().kubeconfig).then((kube) => ({ kube, resources: new KubeResources(kube) }));
  return opened;
}
