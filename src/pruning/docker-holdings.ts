import { originOf, provenIds } from '../building/origin.ts';
import { LABELS } from '../core/labels.ts';
import { REGISTRY_PORT } from '../registry/registry.ts';
import type { Session } from '../session.ts';
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
export async function dockerHoldings(session: Session): Promise<DockerHoldings> {
  const { engine, config } = session;
  const [images, containers] = await Promise.all([
    engine.json<ListedImage[]>('GET', '/images/json?shared-size=1'),
    engine.json<ListedContainer[]>('GET', '/containers/json?all=true'),
  ]);
  const foreign = (containers ?? []).filter(
    ({ Labels }) => ![undefined, config.cluster.name].includes(Labels?.[LABELS.registry]),
  );
  const ports = foreign.flatMap(({ Ports }) => Ports ?? []).filter(({ PrivatePort }) => PrivatePort === REGISTRY_PORT);
  const isOwn = ownership(session);
  return {
    images: await Promise.all(
      (images ?? []).map(async (image) => ({
        id: image.Id,
        names: [...(image.RepoTags ?? []), ...(image.RepoDigests ?? [])].filter((name) => !name.startsWith('<none>')),
        labels: { project: image.Labels?.[LABELS.project], image: image.Labels?.[LABELS.image] },
        isOwn: await isOwn(image),
        bytes: image.Size - Math.max(image.SharedSize, 0),
      })),
    ),
    used: new Set((containers ?? []).map(({ ImageID }) => ImageID)),
    foreignPorts: new Set(ports.flatMap(({ PublicPort }) => PublicPort ?? [])),
  };
}

/** Tells whether an image is a build for this project. Docker is only asked about images that may be. */
function ownership(session: Session): (image: ListedImage) => Promise<boolean> {
  const proven = provenIds(session);
  return async ({ Id: id, Labels }) => {
    if (Labels?.[LABELS.project] !== session.config.project) return false;
    return proven.has(id) || (await originOf(session.engine, { id, labels: Labels })) === 'own';
  };
}
