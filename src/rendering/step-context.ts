import type { ReleaseContext } from '../helm/release-context.ts';
import type { KubeResources } from '../kubernetes/resources.ts';

/** What every step is given besides its configuration. */
export interface StepContext extends ReleaseContext {
  resources: KubeResources;
  /** Copies kubectl out of a node and returns its path; undefined if it does not run here. */
  kubectlFromNode: () => Promise<string | undefined>;
}
