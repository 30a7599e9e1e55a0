/**
 * The name of an image while its next build runs. In the containerd store, an image without a name
 * is gone. `harness prune` removes a name that a killed run left.
 */
export function holdName(id: string): string {
  return `kind-harness/before:${id.replace(/^\w+:/, '')}`;
}
