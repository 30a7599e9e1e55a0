/**
 * A container's log as the API hands it out; nothing where it is the kubelet's own error, which
 * comes in the log's place and with status 200, because the container was removed a moment ago.
 */
export function containerLogText(text: string): string {
  return /^(unable to retrieve container logs for \S+|failed to try resolving symlinks in path .*no such file or directory)\s*$/.test(
    text,
  )
    ? ''
    : text;
}
