import { setTimeout as sleep } from 'node:timers/promises';
import { NODE_CONTENT, readNodeContent, type NodeContent } from '../containerd/content.ts';
import { NOTE_LOAD } from '../containerd/load-record.ts';
import { RESTART_NODES, seeContainerdLog } from '../containerd/see-log.ts';
import { HarnessError } from '../core/error.ts';
import { seconds } from '../core/words.ts';
import type { DockerEngine } from '../docker/engine.ts';
import { tryExec } from '../docker/exec.ts';
import { NODE_HOST, REGISTRY_PORT } from '../registry/registry.ts';

/** What a node is to pull. */
export interface PullOrder {
  node: string;
  /** Where the node reaches the registry. */
  address: string;
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
 * Points the container runtime at the registry, which it reads of at every pull; pulls, gives the
 * name that manifests use, notes the load, takes the registry's name away again, and says what the
 * node has then. In one program: no name stays when we die, and each start of a program in a node
 * costs as much as the pull of a small layer.
 */
const PULL = `hosts=/etc/containerd/certs.d/${NODE_HOST}/hosts.toml
[ "$(cat "$hosts" 2>/dev/null)" = "$4" ] || { mkdir -p "\${hosts%/*}" && printf '%s\\n' "$4" > "$hosts.$$" && mv "$hosts.$$" "$hosts"; } || exit
crictl pull "$3" >&2 || exit
ctr --namespace=k8s.io images tag --force "$3" "$2" >&2 && { ${NOTE_LOAD}; }
tagged=$?
ctr --namespace=k8s.io images rm "$3" >&2
[ $tagged = 0 ] || exit $tagged
${NODE_CONTENT}`;

/** What a pull came to. */
export interface PullAnswer {
  /** What the node has after it; undefined when it failed. */
  content?: NodeContent;
  /** What the node's programs said. */
  words: string;
}

/** Milliseconds within which a node ends a pull that it is told to end. */
const ENDS_WITHIN = 3000;

/**
 * Lets a node pull an image. Interrupted, or late, the pull itself is ended, and not only the wait
 * for it.
 * @returns whether or not it failed
 * @throws HarnessError LOAD when it is late; anything when it is interrupted
 */
export async function pullInNode(engine: DockerEngine, order: PullOrder, signal?: AbortSignal): Promise<PullAnswer> {
  const { node, address, reference, name, id, limit } = order;
  const late = AbortSignal.timeout(limit);
  const over = signal ? AbortSignal.any([signal, late]) : late;
  over.throwIfAborted();
  const cut = new AbortController();
  const end = () => void endPull(engine, order, cut);
  over.addEventListener('abort', end, { once: true });
  try {
    const script = ['sh', '-c', PULL, 'sh', id, name, reference, hostsFile(address)];
    const { exitCode, stdout, stderr } = await tryExec(engine, node, script, { signal: cut.signal });
    if (exitCode === 0) return { content: readNodeContent(stdout, stderr), words: stderr };
    if (!over.aborted) return { words: `${stdout}\n${stderr}`.trim() };
  } catch (error) {
    if (!over.aborted) throw error;
  } finally {
    over.removeEventListener('abort', end);
    cut.abort();
  }
  signal?.throwIfAborted();
  throw new HarnessError('LOAD', `${node} did not pull ${name} within ${seconds(limit)}.`, {
    next: `${seeContainerdLog(node)} ${RESTART_NODES}`,
  });
}

function hostsFile(address: string): string {
  const url = `http://${address}:${REGISTRY_PORT}`;
  return `server = "${url}"\n\n[host."${url}"]\n  capabilities = ["pull", "resolve"]`;
}

/**
 * Only the pull itself has that command line: the shell around it goes on, sees that it failed, and
 * ends. Else the wait is broken off.
 */
async function endPull(engine: DockerEngine, { node, reference }: PullOrder, cut: AbortController): Promise<void> {
  tryExec(engine, node, ['pkill', '-f', `^crictl pull ${reference}$`], { signal: cut.signal }).catch(() => undefined);
  await sleep(ENDS_WITHIN, undefined, { signal: cut.signal }).catch(() => undefined);
  cut.abort();
}
