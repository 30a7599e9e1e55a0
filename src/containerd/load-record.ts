/**
 * Where each node keeps what this harness loaded into it, one `<id> <name>` a line: only that is
 * ever removed from it. Not on a volume, so that it goes with the node.
 */
export const LOAD_RECORD = '/kind/kind-harness-loads';

/** A shell command that notes the image of the id `$1` as loaded under the name `$2`. */
export const NOTE_LOAD = `grep -qxsF "$1 $2" ${LOAD_RECORD} || echo "$1 $2" >> ${LOAD_RECORD}`;

/** The line for one load. */
export function loadLine(id: string, name: string): string {
  return `${id} ${name}`;
}
