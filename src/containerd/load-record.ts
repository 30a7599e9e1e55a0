/**
 * A file in each node that lists what this harness loaded into it, one `<id> <name>` per line. Only
 * these images are ever removed from the node. It is not on a volume, so it is deleted with the
 * node.
 */
export const LOAD_RECORD = '/kind/kind-harness-loads';

/** A shell command that records the image with the id `$1` as loaded under the name `$2`. */
export const NOTE_LOAD = `grep -qxsF "$1 $2" ${LOAD_RECORD} || echo "$1 $2" >> ${LOAD_RECORD}`;

/** The line that records one load. */
export function loadLine(id: string, name: string): string {
  return `${id} ${name}`;
}
