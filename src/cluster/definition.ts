import { readFileSync } from 'node:fs';
import { digestOfJson, sha256 } from '../core/digest.ts';
import type { Session } from '../session.ts';
import { ensureNodeImage, nodeImageStatus, type NodeImage } from '../system-images/node-image.ts';
import type { WantedCluster } from './decide-cluster.ts';
import { hostQuirks, observeHost } from './host-quirks.ts';
import { kindConfig } from './kind-config.ts';

/** The configured cluster: what it is compared by, and how it would be made. */
export interface ClusterPlan {
  wanted: WantedCluster;
  nodeImage: string;
  /**
   * The text for kind. Looks at the machine, which takes half a second, so only asked for when a
   * cluster is created.
   */
  kindConfig: () => Promise<string>;
}

/**
 * What the cluster should be. What the machine needs on top (cgroup v1 and the like) is no part of
 * the definition: it follows from the machine, and does not change under a cluster.
 * @throws HarnessError NODE_IMAGE when there is no node image and none can be had
 */
export async function clusterPlan(session: Session): Promise<ClusterPlan> {
  const { config, engine, emit, env, signal } = session;
  const { name, nodes, nodeImage: wanted } = config.cluster;
  const image =
    (await nodeImageStatus(engine, wanted)) ?? (await ensureNodeImage(engine, { emit, env, signal, wanted }));
  return {
    wanted: wantedCluster(session, image),
    nodeImage: image.reference,
    kindConfig: async () =>
      kindConfig(
        { name, nodes, userConfig: userKindConfig(session) },
        hostQuirks(await observeHost(engine, image.reference)),
      ),
  };
}

/**
 * The configured cluster, as far as it is known without getting a node image first; undefined when
 * there is none.
 */
export async function wantedClusterNow(session: Session): Promise<WantedCluster | undefined> {
  const image = await nodeImageStatus(session.engine, session.config.cluster.nodeImage);
  return image && wantedCluster(session, image);
}

function wantedCluster(session: Session, image: NodeImage): WantedCluster {
  const { project, cluster } = session.config;
  const userConfig = userKindConfig(session);
  const parts = {
    // A configured image may be rebuilt under its tag; the others carry a digest in their
    // reference.
    'node image': image.source === 'configured' ? `${image.reference} ${image.id}` : image.reference,
    nodes: userConfig === undefined ? String(cluster.nodes) : `kind configuration ${sha256(userConfig)}`,
  };
  return { project, definition: digestOfJson(parts), parts };
}

function userKindConfig({ config }: Session): string | undefined {
  const { kindConfig: file } = config.cluster;
  return file === undefined ? undefined : readFileSync(file, 'utf8');
}
