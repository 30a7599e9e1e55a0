import { randomUUID } from 'node:crypto';
import type { KubeAccess } from '../kubernetes/api.ts';
import { deleteObject } from '../kubernetes/delete.ts';
import { serverSideApply } from '../kubernetes/server-side-apply.ts';
import { leaseOf, LEASES, RENEWAL_MS, type TestClaim } from './claim.ts';

/**
 * The variable with the names of the claims of the processes that started this one, separated by
 * spaces. A command that a test runs must not wait for that test.
 */
export const CLAIMS_VARIABLE = 'HARNESS_CLAIMS';

/** A claim that this process holds. */
export interface HeldClaim {
  /** For `CLAIMS_VARIABLE`. */
  name: string;
  /** Gives the claim back. A claim that is not given back ends with its process. */
  release: () => Promise<void>;
}

/**
 * Claims what is deployed for the tests of this process. Several processes can hold a claim on the
 * same deployment. The caller holds the cluster's lock, so nobody is about to change it.
 */
export async function holdClaim(kube: KubeAccess, claim: TestClaim): Promise<HeldClaim> {
  const name = `kind-harness-tests-${claim.owner.pid}-${randomUUID().slice(0, 8)}`;
  const path = `${LEASES}/namespaces/${claim.namespace}/leases/${name}`;
  const write = () => serverSideApply(kube, path, leaseOf(name, claim, new Date()), { manager: 'kind-harness-tests' });
  await write();
  // A renewal that fails is made up for by the next one.
  const renewal = setInterval(() => void write().catch(() => undefined), RENEWAL_MS).unref();
  return {
    name,
    release: async () => {
      clearInterval(renewal);
      await deleteObject(kube, path);
    },
  };
}
