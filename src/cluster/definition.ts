import { readFileSync } from 'node:fs';
import { ownerOf } from '../config/owner.ts';
import { digestOfJson, sha256 } from '../core/digest.ts';
import type { Session } from '../session.ts';
import { ensureNodeImage, nodeImageStatus, type NodeImage } from '../system-images/node-image.ts';
import type { WantedCluster } from './decide-cluster.ts';
import { hostQuirks, observeHost } from './host-quirks.ts';
import { kindConfig, namedNodeImages } from './kind-config.ts';

/** The configured cluster: what it is compared by, and how to create it. */
export interface ClusterPlan {
  wanted: WantedCluster;
  /** The image of each node, in the order of the configuration. */
  nodeImages: string[];
  /**
   * The configuration text for kind, with these images for its nodes. It probes the machine, which
   * takes half a second, so it is called only when a cluster is created.
   */
  kindConfig: (images: readonly string[]) => Promise<string>;
}

/**
 * What the cluster should be. Settings that the machine needs (for cgroup v1, for example) are not
 * part of the definition: they depend on the machine, which does not change while a cluster exists.
 * @throws HarnessError CONFIG for an invalid kind configuration, NODE_IMAGE when there is no node
 * image and none can be pulled or built
 */
export async function clusterPlan(session: Session): Promise<ClusterPlan> {
  const { config, engine, emit, env, signal } = session;
  const { name, nodes } = config.cluster;
  const userConfig = userKindConfig(session);
  const images: NodeImage[] = [];
  for (const wanted of new Set(wantedImages(session, userConfig))) {
    images.push(
      (await nodeImageStatus(engine, wanted)) ?? (await ensureNodeImage(engine, { emit, env, signal, wanted })),
    );
  }
  const ofNode = (wanted: string | undefined) =>
    images.find(({ reference, source }) => (wanted === undefined ? source !== 'configured' : reference === wanted));
  const nodeImages = wantedImages(session, userConfig).flatMap((wanted) => ofNode(wanted)?.reference ?? []);
  return {
    wanted: await wantedCluster(session, userConfig, images),
    nodeImages,
    kindConfig: async (marked) =>
      kindConfig(
        { name, nodes, userConfig, images: marked, versions: nodeImages },
        hostQuirks(await observeHost(engine, nodeImages[0] ?? '')),
      ),
  };
}

/** The configured cluster; undefined when its node image must be pulled or built first. */
export async function wantedClusterNow(session: Session): Promise<WantedCluster | undefined> {
  const userConfig = userKindConfig(session);
  const distinct = [...new Set(wantedImages(session, userConfig))];
  const images = await Promise.all(distinct.map((wanted) => nodeImageStatus(session.engine, wanted)));
  const present = images.filter((image) => image !== undefined);
  return present.length === images.length ? wantedCluster(session, userConfig, present) : undefined;
}

/**
 * Which image each node should have; undefined stands for the harness's choice. `cluster.nodeImage`
 * overrides what the kind configuration names, as the option of kind does.
 */
function wantedImages({ config }: Session, userConfig: string | undefined): (string | undefined)[] {
  const { nodeImage, nodes } = config.cluster;
  const named = userConfig === undefined ? [] : namedNodeImages(userConfig);
  const all = named.length > 0 ? named : Array<undefined>(nodes).fill(undefined);
  return all.map((image) => nodeImage ?? image);
}

async function wantedCluster(
  { config }: Session,
  userConfig: string | undefined,
  images: NodeImage[],
): Promise<WantedCluster> {
  const parts = {
    // A configured image may be rebuilt under its tag. The references of the others contain a
    // digest.
    'node image': images
      .map(({ source, reference, id }) => (source === 'configured' ? `${reference} ${id}` : reference))
      .join(', '),
    nodes: userConfig === undefined ? String(config.cluster.nodes) : `kind configuration ${sha256(userConfig)}`,
  };
  return { owner: await ownerOf(config), definition: digestOfJson(parts), parts };
}

function userKindConfig({ config }: Session): string | undefined {
  const { kindConfig: path } = config.cluster;
  return path === undefined ? undefined : readFileSync(path, 'utf8');
}
