import { setTimeout as sleep } from 'node:timers/promises';
import { tryExec, type ExecResult } from '../drivers/container-exec.ts';
import type { DockerEngine } from '../drivers/docker.ts';
import { HarnessError } from '../model/error.ts';
import { NOTE_LOAD } from '../model/load-record.ts';
import { seconds } from '../model/words.ts';

/** What a node is to pull. */
export interface PullOrder {
  node: string;
  /** Where it lies in the registry, by its digest. */
  reference: string;
  /** As the node shall know it, in full. */
  name: string;
  /** The configuration's digest. */
  id: string;
  /** Milliseconds that it may take. */
  limit: number;
}

/**
 * Pulls, gives the name that manifests use, notes the load, and takes the registry's name away again. In one program, so that no name stays
 * when we die.
 */
const PULL = `crictl pull "$3" || exit
ctr --namespace=k8s.io images tag --force "$3" "$2" && { ${NOTE_LOAD}; }
tagged=$?
ctr --namespace=k8s.io images rm "$3"
exit $tagged`;

/** Milliseconds within which a node ends a pull that it is told to end. */
const ENDS_WITHIN = 3000;

/**
 * Lets a node pull an image. Interrupted, or late, the pull itself is ended, and not only the wait for it.
 * @returns whatever the exit code
 * @throws HarnessError LOAD when it is late; anything when it is interrupted
 */
export async function pullInNode(engine: DockerEngine, order: PullOrder, signal?: AbortSignal): Promise<ExecResult> {
  const { node, reference, name, id, limit } = order;
  const late = AbortSignal.timeout(limit);
  const over = signal ? AbortSignal.any([signal, late]) : late;
  over.throwIfAborted();
  const cut = new AbortController();
  const end = () => void endPull(engine, order, cut);
  over.addEventListener('abort', end, { once: true });
  try {
    const answer = await tryExec(engine, node, ['sh', '-c', PULL, 'sh', id, name, reference], { signal: cut.signal });
    if (answer.exitCode === 0 || !over.aborted) return answer;
  } catch (error) {
    if (!over.aborted) throw error;
  } finally {
    over.removeEventListener('abort', end);
    cut.abort();
  }
  signal?.throwIfAborted();
  throw new HarnessError('LOAD', `${node} did not pull ${name} within ${seconds(limit)}.`, {
    next: `Look at the node's runtime: docker exec ${node} journalctl -u containerd; \`harness stop\` and \`harness up\` start it anew.`,
  });
}

/** Only the pull itself has that command line: the shell around it goes on, sees that it failed, and ends. Else the wait is broken off. */
async function endPull(engine: DockerEngine, { node, reference }: PullOrder, cut: AbortController): Promise<void> {
  tryExec(engine, node, ['pkill', '-f', `^crictl pull ${reference}$`], { signal: cut.signal }).catch(() => undefined);
  await sleep(ENDS_WITHIN, undefined, { signal: cut.signal }).catch(() => undefined);
  cut.abort();
}
