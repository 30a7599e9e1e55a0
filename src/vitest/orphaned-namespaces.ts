import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { V1Namespace } from '@kubernetes/client-node';
import { TEST_LABELS } from '../core/labels.ts';
import { count } from '../core/words.ts';
import { inspectCommand } from '../fixtures/diagnosis.ts';
import type { VitestContext } from '../fixtures/test-run.ts';
import { openAccess } from '../kubernetes/access.ts';
import { kubeList, type KubeAccess } from '../kubernetes/api.ts';
import { deleteObject } from '../kubernetes/delete.ts';
import { ifPresent } from '../machine/if-present.ts';
import { isAlive } from '../machine/running-process.ts';
import { orphanedNamespaces } from './decide-orphans.ts';

/** Number of runs whose artifacts are kept. */
const KEPT_RUNS = 10;

/**
 * Deletes namespaces left by runs of this project that died. Kubernetes deletes the cluster-scoped
 * objects of these runs with them.
 */
export async function removeOrphans(
  { kubeconfig, project, run }: VitestContext,
  print: (line: string) => void,
): Promise<void> {
  if (run.keepNamespaces) return;
  const kube = await openAccess(kubeconfig);
  const orphans = orphanedNamespaces(await namespaces(kube, { [TEST_LABELS.project]: project }), {
    project,
    self: run.owner,
    isAlive,
  });
  for (const each of orphans) await remove(kube, each);
  if (orphans.length > 0) print(`🧹 removed ${count(orphans.length, 'namespace')} of test runs that died`);
}

/**
 * Deletes namespaces of this run that a killed worker left. If namespaces are kept, prints how to
 * inspect them instead.
 */
export async function endRun(
  { kubeconfig, project, run }: VitestContext,
  print: (line: string) => void,
): Promise<void> {
  const kube = await openAccess(kubeconfig);
  const own = await namespaces(kube, { [TEST_LABELS.project]: project, [TEST_LABELS.run]: run.id });
  if (run.keepNamespaces) {
    for (const { metadata } of own)
      print(`ℹ️  kept until the next run: ${inspectCommand(kubeconfig, metadata?.name ?? '')}`);
    return;
  }
  for (const each of own) if (each.metadata?.deletionTimestamp === undefined) await remove(kube, each);
}

/** Removes the artifacts of all but the latest runs. */
export function trimArtifacts(directory: string): void {
  const runs = ifPresent(() => readdirSync(directory)) ?? [];
  for (const run of runs.sort().slice(0, -KEPT_RUNS)) rmSync(join(directory, run), { recursive: true, force: true });
}

async function namespaces(kube: KubeAccess, labels: Record<string, string>): Promise<V1Namespace[]> {
  const selector = Object.entries(labels)
    .map(([label, value]) => `${label}=${value}`)
    .join(',');
  const path = `/api/v1/namespaces?labelSelector=${encodeURIComponent(selector)}`;
  return (await kubeList<V1Namespace>(kube, path)).items;
}

function remove(kube: KubeAccess, { metadata }: V1Namespace): Promise<void> {
  return deleteObject(kube, `/api/v1/namespaces/${metadata?.name}`, metadata?.uid ?? '');
}
