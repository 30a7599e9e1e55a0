import { describeOwner, isSameOwner, type Owner } from '../config/judge-owner.ts';
import type { ClusterDecision, ClusterRecord, ClusterState } from './cluster.ts';

/** What the configured cluster should be. It is compared with the cluster's own record. */
export interface WantedCluster {
  owner: Owner;
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
    if (state.isMarked) return { action: 'recreate', reason: 'its creation was interrupted' };
    return { action: 'refuse', reason: 'a kind cluster of that name exists, and this harness did not create it' };
  }
  const { project, owner } = state.record;
  if (owner ? !isSameOwner(owner, wanted.owner) : project !== wanted.owner.project) {
    const who = owner ? describeOwner(owner, wanted.owner) : `the project ${project}`;
    return { action: 'refuse', reason: `it belongs to ${who}` };
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
