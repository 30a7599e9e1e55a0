import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { V1Lease } from '@kubernetes/client-node';
import { CLAIM_LABEL } from '../core/labels.ts';
import { HarnessError } from '../core/error.ts';
import { oncePer } from '../core/once-per.ts';
import { seconds } from '../core/words.ts';
import { openAccess } from '../kubernetes/access.ts';
import { kubeList, type KubeAccess } from '../kubernetes/api.ts';
import { deleteObject } from '../kubernetes/delete.ts';
import { LOCK_TIMEOUT } from '../locking/turn.ts';
import { isAlive, thisProcess } from '../machine/running-process.ts';
import { within } from '../machine/with-timeout.ts';
import type { Session } from '../session.ts';
import { claimIn, LEASES, type StoredClaim } from './claim.ts';
import { disturbs, judgeClaim, type Change, type ClaimObserver } from './decide-wait.ts';
import { CLAIMS_VARIABLE } from './hold.ts';

const POLL_MS = 500;

/** A server that does not answer within this time runs nobody's tests. Milliseconds. */
const ANSWER_MS = 5_000;

/** What a run knows about the claims in its cluster. */
interface Seen {
  /** When each claim's renewal was last seen to change, milliseconds since the epoch. */
  renewals: Map<string, { renewed: string; since: number }>;
  /** The claims that the user was told about. */
  reported: Set<string>;
}

const seenIn = oncePer<Session, Seen>(() => ({ renewals: new Map(), reported: new Set() }));

/**
 * Waits until no test of another process relies on what is about to change. Call it while holding
 * the cluster's lock: tests begin only under that lock, so that none begins after this returned.
 * @param kubeconfig of the cluster; if it does not exist, this directory has never used the cluster
 * @throws HarnessError LOCKED if they still run when the time to wait for other runs is over;
 * INTERRUPTED
 */
export async function waitForTests(session: Session, kubeconfig: string, change: Change): Promise<void> {
  if (!existsSync(kubeconfig)) return;
  const { emit, signal } = session;
  const { reported } = seenIn(session);
  const timeout = session.lockTimeout === undefined ? LOCK_TIMEOUT : session.lockTimeout * 1_000;
  for (const start = performance.now(); ;) {
    const claims = (await claimsIn(session, await openAccess(kubeconfig))).filter((claim) => disturbs(change, claim));
    const [first] = claims;
    if (!first) return;
    if (performance.now() - start >= timeout) throw stillTesting(first, timeout);
    for (const claim of claims.filter(({ name }) => !reported.has(name))) {
      reported.add(claim.name);
      emit({ type: 'note', level: 'info', message: `waiting for ${describe(claim)}` });
    }
    await sleep(POLL_MS, undefined, { signal }).catch((error: unknown) => {
      throw new HarnessError('INTERRUPTED', 'Interrupted while waiting for the tests of another process.', {
        cause: error,
      });
    });
  }
}

function describe({ command, owner, directory }: StoredClaim): string {
  return `the tests of ${command} (process ${owner.pid}, ${directory})`;
}

function stillTesting(claim: StoredClaim, timeout: number): HarnessError {
  const waited = timeout > 0 ? ` still after ${seconds(timeout)}` : '';
  return new HarnessError('LOCKED', `Others use what this run would change${waited}: ${describe(claim)}.`, {
    next: 'Wait until they end, end them, or wait longer with `--lock-timeout <seconds>`.',
  });
}

/** The claims of living processes. Removes those of processes that have ended. */
async function claimsIn(session: Session, kube: KubeAccess): Promise<StoredClaim[]> {
  const path = `${LEASES}/leases?labelSelector=${CLAIM_LABEL}`;
  const list = await within(ANSWER_MS, kubeList<V1Lease>(kube, path)).catch(() => undefined);
  const claims = list?.items.flatMap((lease) => claimIn(lease) ?? []) ?? [];
  const observer = observerFor(session, Date.now());
  const living: StoredClaim[] = [];
  for (const claim of claims) {
    const verdict = judgeClaim(claim, observer);
    if (verdict === 'wait') living.push(claim);
    if (verdict === 'remove') await removeClaim(kube, claim);
  }
  return living;
}

function observerFor(session: Session, now: number): ClaimObserver {
  const { renewals } = seenIn(session);
  const unrenewedFor = ({ name, renewed }: StoredClaim) => {
    const last = renewals.get(name);
    if (last?.renewed === renewed) return now - last.since;
    renewals.set(name, { renewed, since: now });
    return 0;
  };
  const ownClaims = (session.env[CLAIMS_VARIABLE] ?? '').split(' ');
  return { self: thisProcess(), isAlive, ownClaims, unrenewedFor };
}

async function removeClaim(kube: KubeAccess, { namespace, name, uid }: StoredClaim): Promise<void> {
  await deleteObject(kube, `${LEASES}/namespaces/${namespace}/leases/${name}`, uid).catch(() => undefined);
}
