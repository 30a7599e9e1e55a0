import { setTimeout as sleep } from 'node:timers/promises';
import { NODE_CONTENT, readNodeContent, type NodeContent } from '../containerd/content.ts';
import { NOTE_LOAD } from '../containerd/load-record.ts';
import { RESTART_NODES, seeContainerdLog } from '../containerd/see-log.ts';
import { HarnessError } from '../core/error.ts';
import { seconds } from '../core/words.ts';
import type { DockerEngine } from '../docker/engine.ts';
import { tryExec } from '../docker/exec.ts';
import { authorization } from '../registry/credential.ts';
import { NODE_HOST, REGISTRY_PORT, type Registry } from '../registry/registry.ts';

/** What a node must pull. */
export interface PullOrder {
  node: string;
  registry: Pick<Registry, 'address' | 'password'>;
  /** The image in the registry, by its digest. */
  reference: string;
  /** The full name that it gets in the node. */
  name: string;
  /** The configuration's digest. */
  id: string;
  /** Milliseconds that the pull may take. */
  limit: number;
}

/**
 * Writes the registry's address and password into the file that containerd reads at every pull, pulls the image,
 * gives it the name that manifests use, records the load, removes the registry's name, and prints
 * what the node has then. All in one program: it completes even if this process is killed, and
 * starting a program in a node takes as long as pulling a small layer.
 */
const PULL = `hosts=/etc/containerd/certs.d/${NODE_HOST}/hosts.toml
[ "$(cat "$hosts" 2>/dev/null)" = "$HOSTS" ] || { mkdir -p "\${hosts%/*}" && (umask 077 && printf '%s\\n' "$HOSTS" > "$hosts.$$") && mv "$hosts.$$" "$hosts"; } || exit
crictl pull "$3" >&2 || exit
ctr --namespace=k8s.io images tag --force "$3" "$2" >&2 && { ${NOTE_LOAD}; }
tagged=$?
ctr --namespace=k8s.io images rm "$3" >&2
[ $tagged = 0 ] || exit $tagged
${NODE_CONTENT}`;

/** How a pull ended. */
export interface PullResult {
  /** What the node has after the pull; undefined if it failed. */
  content?: NodeContent;
  /** The output of the node's programs. */
  output: string;
}

/** Milliseconds to wait for the end of a pull after it was killed. */
const ENDS_WITHIN = 5000;

/**
 * Pulls an image in a node. An interruption or the time limit ends the pull itself, not only the
 * wait for it.
 * @returns the result, also if the pull failed
 * @throws HarnessError LOAD at the time limit; the signal's reason after an interruption
 */
export async function pullInNode(engine: DockerEngine, order: PullOrder, signal?: AbortSignal): Promise<PullResult> {
  const { node, registry, reference, name, id, limit } = order;
  const timeout = AbortSignal.timeout(limit);
  const cancelled = signal ? AbortSignal.any([signal, timeout]) : timeout;
  cancelled.throwIfAborted();
  const wait = new AbortController();
  const cancel = () => void endPull(engine, order, wait);
  cancelled.addEventListener('abort', cancel, { once: true });
  try {
    const script = ['sh', '-c', PULL, 'sh', id, name, reference];
    const env = { HOSTS: hostsFile(registry) };
    const { exitCode, stdout, stderr } = await tryExec(engine, node, script, { env, signal: wait.signal });
    if (exitCode === 0) return { content: readNodeContent(stdout, stderr), output: stderr };
    if (!cancelled.aborted) return { output: `${stdout}\n${stderr}`.trim() };
  } catch (error) {
    if (!cancelled.aborted) throw error;
  } finally {
    cancelled.removeEventListener('abort', cancel);
    wait.abort();
  }
  signal?.throwIfAborted();
  throw new HarnessError('LOAD', `Node ${node} did not finish pulling ${name} within ${seconds(limit)}.`, {
    next: `${seeContainerdLog(node)} ${RESTART_NODES}`,
  });
}

function hostsFile({ address, password }: PullOrder['registry']): string {
  const url = `http://${address}:${REGISTRY_PORT}`;
  return `server = "${url}"\n\n[host."${url}"]\n  capabilities = ["pull", "resolve"]\n\n[host."${url}".header]\n  Authorization = "${authorization(password)}"`;
}

/**
 * Kills the pull in the node. The shell around it has another command line: it continues, sees that
 * the pull failed, and ends. If it does not end in time, the wait for it is aborted; the node may be
 * too busy to start the program that kills.
 */
async function endPull(engine: DockerEngine, { node, reference }: PullOrder, wait: AbortController): Promise<void> {
  tryExec(engine, node, ['pkill', '-f', `^crictl pull ${reference}$`], {}).catch(() => undefined);
  await sleep(ENDS_WITHIN, undefined, { signal: wait.signal }).catch(() => undefined);
  wait.abort();
}
