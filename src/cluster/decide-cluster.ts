import type { ClusterDecision, ClusterRecord, ClusterState } from './cluster.ts';

/** What the configured cluster should be. It is compared with the cluster's own record. */
export interface WantedCluster {
  project: string;
  definition: string;
  parts: Record<string, string>;
}

/**
 * Decides what to do to get the wanted cluster. Health is judged later, because only a running
 * cluster can be asked.
 */
export function decideCluster(state: ClusterState, wanted: WantedCluster): ClusterDecision {
  if (state.nodes.length === 0) return { action: 'create', reason: 'there is none' };
  if (!state.record) {
    const isOurs =
      state.creationBegun !== undefined &&
      state.nodes.every((node) => node.created >= (state.creationBegun ?? Infinity));
    if (isOurs) return { action: 'recreate', reason: 'its creation was interrupted' };
    return { action: 'refuse', reason: 'a kind cluster of that name exists, and this harness did not create it' };
  }
  if (state.record.project !== wanted.project) {
    return { action: 'refuse', reason: `it belongs to the project ${state.record.project}` };
  }
  if (state.record.definition !== wanted.definition) {
    return { action: 'recreate', reason: `its definition changed: ${changedParts(state.record, wanted)}` };
  }
  const stopped = state.nodes.filter((node) => !node.running);
  if (stopped.length > 0) return { action: 'start', reason: `${stopped.map((node) => node.name).join(', ')} stopped` };
  return { action: 'use', reason: 'it is running' };
}

function changedParts(record: ClusterRecord, wanted: WantedCluster): string {
  const names = [...new Set([...Object.keys(record.parts), ...Object.keys(wanted.parts)])].sort();
  const changed = names.filter((name) => record.parts[name] !== wanted.parts[name]);
  return changed.length === 0 ? 'the format of the record' : changed.join(', ');
}
