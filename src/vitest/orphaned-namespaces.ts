import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { V1Namespace } from '@kubernetes/client-node';
import { TEST_LABELS } from '../core/labels.ts';
import { count } from '../core/words.ts';
import { lookInto } from '../fixtures/diagnosis.ts';
import type { VitestContext } from '../fixtures/test-run.ts';
import { openAccess } from '../kubernetes/access.ts';
import { kubeList, type KubeAccess } from '../kubernetes/api.ts';
import { deleteObject } from '../kubernetes/delete.ts';
import { ifPresent } from '../machine/if-present.ts';
import { isAlive } from '../machine/running-process.ts';
import { orphanedNamespaces } from './decide-orphans.ts';

/** Runs whose artifacts are kept. */
const KEPT_RUNS = 10;

/**
 * Has the namespaces deleted that runs of this project left when they died; cluster-scoped objects
 * of theirs go with them.
 */
export async function removeOrphans(
  { kubeconfig, project, run }: VitestContext,
  say: (line: string) => void,
): Promise<void> {
  if (run.keepNamespaces) return;
  const kube = await openAccess(kubeconfig);
  const found = orphanedNamespaces(await namespaces(kube, { [TEST_LABELS.project]: project }), {
    project,
    self: run.owner,
    isAlive,
  });
  for (const each of found) await remove(kube, each);
  if (found.length > 0) say(`🧹 ${count(found.length, 'namespace')} of test runs that died removed`);
}

/**
 * Has deleted what a worker that was ended could not delete itself, or says how to look into what
 * was to be kept.
 */
export async function endRun({ kubeconfig, project, run }: VitestContext, say: (line: string) => void): Promise<void> {
  const kube = await openAccess(kubeconfig);
  const own = await namespaces(kube, { [TEST_LABELS.project]: project, [TEST_LABELS.run]: run.id });
  if (run.keepNamespaces) {
    for (const { metadata } of own) say(`ℹ️  kept until the next run: ${lookInto(kubeconfig, metadata?.name ?? '')}`);
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
