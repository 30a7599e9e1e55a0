import type { V1Lease } from '@kubernetes/client-node';
import { CLAIM_ANNOTATION, CLAIM_LABEL } from '../core/labels.ts';
import { readOwner } from '../machine/judge-owner.ts';
import type { Owner } from '../machine/running-process.ts';

/** What the tests of a process rely on while the process runs. */
export interface TestClaim {
  owner: Owner;
  /** The name of the program, for people. */
  command: string;
  /** The directory of its configuration. */
  directory: string;
  /** The namespace that was deployed to. */
  namespace: string;
  /** What was deployed; see `contentDigest`. */
  content: string;
  /** The references of the deployed images. */
  references: readonly string[];
}

/** A claim as the cluster stores it. */
export interface StoredClaim extends TestClaim {
  /** The name of its Lease. */
  name: string;
  uid: string;
  /** Changes whenever the process renews its claim. */
  renewed: string;
}

export const LEASES = '/apis/coordination.k8s.io/v1';

/** How often a process renews its claim, milliseconds. */
export const RENEWAL_MS = 15_000;

/** The Lease of a claim: it lives and dies with the namespace that it is about. */
export function leaseOf(name: string, claim: TestClaim, now: Date): object {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name,
      namespace: claim.namespace,
      labels: { [CLAIM_LABEL]: 'tests' },
      annotations: { [CLAIM_ANNOTATION]: JSON.stringify(claim) },
    },
    spec: {
      holderIdentity: `${claim.command} ${claim.owner.pid}`,
      renewTime: now.toISOString().replace('Z', '000Z'), // Kubernetes expects microseconds
    },
  };
}

/** Reads a claim; undefined if the Lease is not a complete one, for instance of a later version. */
export function claimIn({ metadata, spec }: V1Lease): StoredClaim | undefined {
  try {
    const claim = JSON.parse(metadata?.annotations?.[CLAIM_ANNOTATION] ?? '') as Partial<TestClaim>;
    const owner = readOwner(JSON.stringify(claim.owner));
    const { command, directory, content, references } = claim;
    const texts = [command, directory, content].every((text) => typeof text === 'string');
    if (!owner || !texts || !Array.isArray(references) || metadata?.namespace === undefined) return undefined;
    const { name = '', uid = '', namespace } = metadata;
    return { ...(claim as TestClaim), namespace, name, uid, renewed: String(spec?.renewTime ?? '') };
  } catch {
    return undefined;
  }
}
