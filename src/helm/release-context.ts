import type { ImageField } from '../config/config.ts';
import type { KubeAccess } from '../kubernetes/api.ts';
import type { NamedImage } from '../loading/loaded-image.ts';

/** What a release is installed with, besides its configuration. */
export interface ReleaseContext {
  /** The directory of the configuration; programs run there. */
  root: string;
  /** For files that programs are handed. */
  stateDirectory: string;
  env: NodeJS.ProcessEnv;
  signal?: AbortSignal | undefined;
  /** The harness's own kubeconfig, never the user's. */
  kubeconfig: string;
  kube: KubeAccess;
  /** All configured images; they have been loaded into all nodes. */
  images: readonly NamedImage[];
  /** Where custom resources name images. */
  imageFields: readonly ImageField[];
  progress: (detail: string) => void;
  note: (level: 'info' | 'warning', message: string) => void;
}
