/**
 * A container's log from the API's response. Empty if the response is an error of the kubelet,
 * which it sends with status 200 when the container was just removed.
 */
export function containerLogText(text: string): string {
  return /^(unable to retrieve container logs for \S+|failed to try resolving symlinks in path .*no such file or directory)\s*$/.test(
    text,
  )
    ? ''
    : text;
}
