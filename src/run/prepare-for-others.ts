import { holdClaim } from '../claims/hold.ts';
import type { Tier } from '../config/config.ts';
import { openAccess } from '../kubernetes/access.ts';
import { hasReplaced } from '../loading/replacements.ts';
import { thisProcess } from '../machine/running-process.ts';
import { collectReplaced } from '../pruning/collect-replaced.ts';
import type { Session } from '../session.ts';
import type { HarnessContext } from '../testing/context.ts';
import { assertCurrent, whyNotCurrent } from './current.ts';
import { prepare, type Prepared } from './prepare.ts';

/** What was prepared for tests that another program runs. */
export interface PreparedTests {
  /** What is passed to the tests. */
  context: HarnessContext;
  /** The name of the claim on what is deployed. */
  claim: string;
  /**
   * Ends the claim on what is deployed. Call it after the tests.
   * @throws HarnessError NOT_CURRENT if something else was deployed meanwhile, so that the result of
   * the tests does not count
   */
  end: () => Promise<void>;
}

/**
 * Does everything that a tier does before its tests, for tests that another program runs.
 * @returns what is passed to the tests
 */
export async function prepareForOthers(session: Session, tier: Tier): Promise<HarnessContext> {
  return (await prepareAndCollect(session, tier)).context;
}

/**
 * The same for tests that this process runs. Until their end, other harness processes do not change
 * what is deployed.
 * @param command the name of this program, shown to processes that wait
 */
export async function prepareForTests(session: Session, tier: Tier, command: string): Promise<PreparedTests> {
  const prepared = await prepareAndCollect(session, tier);
  const { context, deployed } = prepared;
  const claim = await holdClaim(await openAccess(context.kubeconfig), {
    owner: thisProcess(),
    command,
    directory: session.config.root,
    namespace: context.namespace,
    content: deployed.generation.content,
    references: deployed.images.map(({ reference }) => reference),
  });
  const end = async () => {
    try {
      assertCurrent(await whyNotCurrent(session, prepared));
    } finally {
      await claim.release();
    }
  };
  try {
    assertCurrent(await whyNotCurrent(session, prepared));
  } catch (error) {
    await claim.release();
    throw error;
  }
  return { context, claim: claim.name, end };
}

async function prepareAndCollect(session: Session, tier: Tier): Promise<Prepared> {
  const prepared = await prepare(session, tier);
  if (hasReplaced(session)) await collectReplaced(session, prepared.nodes);
  return prepared;
}
