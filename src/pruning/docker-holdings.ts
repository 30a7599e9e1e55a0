import { LABELS } from '../core/labels.ts';
import type { DockerEngine } from '../docker/engine.ts';
import { REGISTRY_PORT } from '../registry/registry.ts';
import type { DockerHolding } from './decide-prune.ts';

interface ListedImage {
  Id: string;
  RepoTags?: string[] | null;
  RepoDigests?: string[] | null;
  Labels?: Record<string, string> | null;
  Size: number;
  /** The part of it that other images share; -1 if the engine does not report it. */
  SharedSize: number;
}

interface ListedContainer {
  ImageID: string;
  Labels?: Record<string, string> | null;
  Ports?: { PrivatePort: number; PublicPort?: number }[] | null;
}

/** Docker's images, and what its containers use. */
export interface DockerHoldings {
  images: (DockerHolding & { bytes: number })[];
  used: Set<string>;
  /** Published ports of the registries of other clusters. */
  foreignPorts: Set<number>;
}

/** Reads Docker's images with the bytes that their removal frees, and what its containers use. */
export async function dockerHoldings(engine: DockerEngine, cluster: string): Promise<DockerHoldings> {
  const [images, containers] = await Promise.all([
    engine.json<ListedImage[]>('GET', '/images/json?shared-size=1'),
    engine.json<ListedContainer[]>('GET', '/containers/json?all=true'),
  ]);
  const foreign = (containers ?? []).filter(({ Labels }) => ![undefined, cluster].includes(Labels?.[LABELS.registry]));
  const ports = foreign.flatMap(({ Ports }) => Ports ?? []).filter(({ PrivatePort }) => PrivatePort === REGISTRY_PORT);
  return {
    images: (images ?? []).map((image) => ({
      id: image.Id,
      names: [...(image.RepoTags ?? []), ...(image.RepoDigests ?? [])].filter((name) => !name.startsWith('<none>')),
      labels: { project: image.Labels?.[LABELS.project], image: image.Labels?.[LABELS.image] },
      bytes: image.Size - Math.max(image.SharedSize, 0),
    })),
    used: new Set((containers ?? []).map(({ ImageID }) => ImageID)),
    foreignPorts: new Set(ports.flatMap(({ PublicPort }) => PublicPort ?? [])),
  };
}
