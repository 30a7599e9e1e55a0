/** How to read the log of a node's container runtime, as a `next` of an error. */
export function seeContainerdLog(node: string): string {
  return `See containerd's log in the node: \`docker exec ${node} journalctl -u containerd\`.`;
}

/** How to restart a container runtime that hangs. */
export const RESTART_NODES = 'To restart it, run `harness stop` and `harness up`.';
