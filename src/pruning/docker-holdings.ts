import { provenIds } from '../building/origin.ts';
import { imageOwner, isSameOwner, ownerIn } from '../config/judge-owner.ts';
import { ownerOf } from '../config/owner.ts';
import { LABELS } from '../core/labels.ts';
import { imageHistory } from '../docker/image-history.ts';
import { judgeOrigin, sealsIn } from '../freshness/judge-origin.ts';
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
  Names?: string[] | null;
  Labels?: Record<string, string> | null;
  Ports?: { PrivatePort: number; PublicPort?: number }[] | null;
}

/** Docker's images, and what its containers need. */
export interface DockerHoldings {
  images: (DockerHolding & { bytes: number })[];
  /** Published ports of the registries of other clusters. */
  foreignPorts: Set<number>;
}

/** Reads Docker's images with the bytes that their removal frees, and what else needs each. */
export async function dockerHoldings(session: Session): Promise<DockerHoldings> {
  const { engine, config } = session;
  const [listed, containers] = await Promise.all([
    engine.json<ListedImage[]>('GET', '/images/json?shared-size=1'),
    engine.json<ListedContainer[]>('GET', '/containers/json?all=true'),
  ]);
  const foreign = (containers ?? []).filter(
    ({ Labels }) => ![undefined, config.cluster.name].includes(Labels?.[LABELS.registry]),
  );
  const ports = foreign.flatMap(({ Ports }) => Ports ?? []).filter(({ PrivatePort }) => PrivatePort === REGISTRY_PORT);
  const proven = provenIds(session);
  const images = await Promise.all((listed ?? []).map((image) => traced(session, proven, image)));
  const self = imageOwner(await ownerOf(config));
  // One without an owner is of an earlier version.
  const isOthers = ({ labels }: TracedImage) => {
    const owner = ownerIn(labels[LABELS.owner]);
    return owner !== undefined && !isSameOwner(owner, self);
  };
  const holdings = images.map(async (image) => ({
    id: image.id,
    names: image.names,
    labels: { project: image.labels[LABELS.project], image: image.labels[LABELS.image] },
    isOwn: image.isOwn,
    isOthers: isOthers(image),
    neededBy: [
      ...(containers ?? []).filter(({ ImageID }) => ImageID === image.id).map(containerName),
      ...(image.isOwn ? await derivedFrom(session, image, images) : []),
    ],
    bytes: image.bytes,
  }));
  return {
    images: await Promise.all(holdings),
    foreignPorts: new Set(ports.flatMap(({ PublicPort }) => PublicPort ?? [])),
  };
}

function containerName({ Names }: ListedContainer): string {
  return `container ${(Names?.[0] ?? '').replace(/^\//, '')}`;
}

/** An image and the builds of the harness that it consists of. */
interface TracedImage {
  id: string;
  names: string[];
  labels: Record<string, string>;
  bytes: number;
  /** The digests of the builds in its history, and the one on its label. */
  builds: string[];
  /** Whether it is itself a build, for whatever project. */
  isBuild: boolean;
  /** Whether it is a build for this project. */
  isOwn: boolean;
}

/** Traces an image. Docker is only asked about those that have a label of the harness. */
async function traced(
  { engine, config }: Session,
  proven: ReadonlySet<string>,
  image: ListedImage,
): Promise<TracedImage> {
  const { Id: id, Size, SharedSize } = image;
  const labels = image.Labels ?? {};
  const names = [...(image.RepoTags ?? []), ...(image.RepoDigests ?? [])].filter((name) => !name.startsWith('<none>'));
  const digest = labels[LABELS.inputs];
  const base = { id, names, labels, bytes: Size - Math.max(SharedSize, 0) };
  if (digest === undefined) return { ...base, builds: [], isBuild: false, isOwn: false };
  const history = await imageHistory(engine, id);
  const isBuild = proven.has(id) || judgeOrigin(digest, history) === 'own';
  const isOwn = isBuild && labels[LABELS.project] === config.project;
  return { ...base, builds: [digest, ...sealsIn(history)], isBuild, isOwn };
}

/** Names the images that are built on a build of this project, and are none themselves. */
async function derivedFrom({ engine }: Session, image: TracedImage, all: readonly TracedImage[]): Promise<string[]> {
  const digest = image.labels[LABELS.inputs] ?? '';
  // Another project may have built the same sources: that image stands beside this one, not on it.
  const isTwin = ({ isBuild, labels }: TracedImage) => isBuild && labels[LABELS.inputs] === digest;
  const candidates = all.filter((other) => !other.isOwn && other.builds.includes(digest) && !isTwin(other));
  if (candidates.length === 0) return [];
  const layersOf = async (id: string) => (await engine.image(id))?.layers ?? [];
  const below = await layersOf(image.id);
  const named = candidates.map(async ({ id, names }) => {
    const layers = await layersOf(id);
    // Another build from the same inputs has other layers.
    return below.every((layer, index) => layers[index] === layer) ? [`image ${names[0] ?? id}`] : [];
  });
  return (await Promise.all(named)).flat();
}
