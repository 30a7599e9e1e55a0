/** An image in the engine's store. */
export interface DockerImage {
  /**
   * The engine's own id. With overlay2 it is the digest of the configuration, with the containerd
   * store that of the manifest or index.
   */
  id: string;
  /**
   * With the containerd store, the manifest in an index that is for the engine's platform. With
   * attestations, every build has a new index, even if nothing changed.
   */
  manifest?: string;
  tags: string[];
  /** As the image claims. It may be the epoch or nonsense, see `SOURCE_DATE_EPOCH`. */
  created: Date;
  /** Bytes. */
  size: number;
  labels: Record<string, string>;
  /** Environment variables of its containers, as `NAME=value`. */
  env: string[];
  /** Whether it is in the containerd store. Its id is then not the one that nodes know. */
  inContainerd: boolean;
  /** Digests of its layers' contents, lowest first. They are the same in every store. */
  layers: string[];
  /** The digests under which registries have it, as far as known. */
  repoDigests: string[];
  /** Instructions that run in a build `FROM` it. */
  onBuild: string[];
  /** The configuration of its containers, as the engine returns it. */
  config: ContainerConfig;
  /** Such as `linux/arm64`. For an image of several platforms, the engine's. */
  platform: string;
}

/** The parts of a configuration that are used here by name. There are more. */
export interface ContainerConfig {
  Labels?: Record<string, string> | null;
  Env?: string[] | null;
  OnBuild?: string[] | null;
}

/**
 * The part of the engine's answer about an image that is used here. Only the containerd store
 * returns a descriptor (API 1.48 and later).
 */
export interface InspectedImage {
  Id: string;
  RepoTags?: string[] | null;
  RepoDigests?: string[] | null;
  Created: string;
  Size: number;
  Config: ContainerConfig;
  Descriptor?: unknown;
  Manifests?: { ID: string; ImageData?: { Platform: { os?: string; architecture?: string } } }[] | null;
  /** For an image of several platforms, the engine's. */
  Os: string;
  Architecture: string;
  Variant?: string | null;
  RootFS?: { Layers?: string[] | null };
  GraphDriver?: { Name?: string } | null;
}

/** How earlier engines name the containerd store. The older store is called overlay2. */
const CONTAINERD_SNAPSHOTTER = 'overlayfs';

/** The image that the engine described. */
export function toDockerImage(found: InspectedImage): DockerImage {
  const isForEngine = ({ os, architecture }: { os?: string; architecture?: string } = {}) =>
    os === found.Os && architecture === found.Architecture;
  const [manifest, ...otherVariants] =
    found.Manifests?.filter(({ ImageData }) => isForEngine(ImageData?.Platform)) ?? [];
  return {
    id: found.Id,
    ...(manifest && otherVariants.length === 0 ? { manifest: manifest.ID } : {}),
    tags: found.RepoTags ?? [],
    created: new Date(found.Created),
    size: found.Size,
    labels: found.Config.Labels ?? {},
    env: found.Config.Env ?? [],
    inContainerd: found.Descriptor !== undefined || found.GraphDriver?.Name === CONTAINERD_SNAPSHOTTER,
    layers: found.RootFS?.Layers ?? [],
    repoDigests: (found.RepoDigests ?? []).map((name) => name.slice(name.indexOf('@') + 1)),
    onBuild: found.Config.OnBuild ?? [],
    config: found.Config,
    platform: [found.Os, found.Architecture, found.Variant].filter((part) => part).join('/'),
  };
}
