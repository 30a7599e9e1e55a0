import { readFileSync } from 'node:fs';
import { digestOfJson, sha256 } from '../core/digest.ts';
import type { Session } from '../session.ts';
import { ensureNodeImage, nodeImageStatus, type NodeImage } from '../system-images/node-image.ts';
import type { WantedCluster } from './decide-cluster.ts';
import { hostQuirks, observeHost } from './host-quirks.ts';
import { kindConfig } from './kind-config.ts';

/** The configured cluster: what it is compared by, and how to create it. */
export interface ClusterPlan {
  wanted: WantedCluster;
  nodeImage: string;
  /**
   * The configuration text for kind. It probes the machine, which takes half a second, so it is
   * called only when a cluster is created.
   */
  kindConfig: () => Promise<string>;
}

/**
 * What the cluster should be. Settings that the machine needs (for cgroup v1, for example) are not
 * part of the definition: they depend on the machine, which does not change while a cluster exists.
 * @throws HarnessError NODE_IMAGE when there is no node image and none can be pulled or built
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
        { name, nodes, userConfig: userKindConfig(session), nodeImage: image.reference },
        hostQuirks(await observeHost(engine, image.reference)),
      ),
  };
}

/** The configured cluster; undefined when its node image must be pulled or built first. */
export async function wantedClusterNow(session: Session): Promise<WantedCluster | undefined> {
  const image = await nodeImageStatus(session.engine, session.config.cluster.nodeImage);
  return image && wantedCluster(session, image);
}

function wantedCluster(session: Session, image: NodeImage): WantedCluster {
  const { project, cluster } = session.config;
  const userConfig = userKindConfig(session);
  const parts = {
    // A configured image may be rebuilt under its tag. The references of the others contain a
    // digest.
    'node image': image.source === 'configured' ? `${image.reference} ${image.id}` : image.reference,
    nodes: userConfig === undefined ? String(cluster.nodes) : `kind configuration ${sha256(userConfig)}`,
  };
  return { project, definition: digestOfJson(parts), parts };
}

function userKindConfig({ config }: Session): string | undefined {
  const { kindConfig: path } = config.cluster;
  return path === undefined ? undefined : readFileSync(path, 'utf8');
}
