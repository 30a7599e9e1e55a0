import type { ClusterNode } from '../cluster/cluster.ts';
import { networkOf } from '../cluster/network.ts';
import { loadTargets } from '../cluster/nodes.ts';
import type { MirrorConfig } from '../config/config.ts';
import { ownerOf } from '../config/owner.ts';
import { sha256 } from '../core/digest.ts';
import { HarnessError } from '../core/error.ts';
import { LABELS } from '../core/labels.ts';
import { step } from '../core/step.ts';
import { exec } from '../docker/exec.ts';
import { writeContainerFile } from '../docker/files.ts';
import type { Session } from '../session.ts';
import { registryImage } from './bring-up.ts';
import { removeRegistry } from './container.ts';
import { decideRegistry, isOurs, type WantedRegistry } from './decide-registry.ts';
import { hostSettings, mirrorName, mirrorSettings } from './mirror-settings.ts';
import { observeContainer } from './observe.ts';
import { REGISTRY_PORT, registryName } from './registry.ts';

/** Memory limit of a mirror in bytes, as for the registry. */
const MEMORY_BYTES = 512 << 20;

/**
 * Starts the configured mirrors beside the cluster, and tells the nodes to ask them.
 * @throws HarnessError CLUSTER_FOREIGN when a container of that name is not ours, NODE_IMAGE, CLUSTER
 */
export async function ensureMirrors(session: Session, nodes: readonly ClusterNode[]): Promise<void> {
  const { mirrors } = session.config;
  if (mirrors.length === 0) return;
  const network = await networkOf(session.engine, nodes[0]?.containerId ?? '');
  const image = await registryImage(session);
  const addresses = await Promise.all(mirrors.map((mirror) => ensureMirror(session, mirror, image, network)));
  await Promise.all(
    loadTargets(nodes).map((node) =>
      Promise.all(mirrors.map((mirror, index) => tellNode(session, node.name, mirror, addresses[index] ?? ''))),
    ),
  );
}

/** @returns its address on the nodes' network */
async function ensureMirror(session: Session, mirror: MirrorConfig, image: string, network: string): Promise<string> {
  const { engine, config, emit } = session;
  const cluster = config.cluster.name;
  const name = mirrorName(cluster, mirror);
  const settings = mirrorSettings(mirror);
  const definition = sha256(`${image}\n${settings}`);
  const owner = await ownerOf(config);
  const wanted: WantedRegistry = { project: config.project, cluster, owner, definition, network };
  const observed = await observeContainer(engine, name);
  // Unlike the registry it has no port on this machine: only nodes use it.
  const decision = decideRegistry(observed && { ...observed, port: REGISTRY_PORT }, wanted);
  if (decision.action === 'use' && observed?.address !== undefined) return observed.address;
  if (decision.action === 'refuse') {
    throw new HarnessError('CLUSTER_FOREIGN', `Refusing to touch container ${name}: ${decision.reason}.`, {
      next: `The mirror of ${mirror.host} needs that name. Rename the container, or choose another \`cluster.name\`.`,
    });
  }
  return step(emit, `mirror:${mirror.host}`, `mirror of ${mirror.host}`, async () => {
    const isStarted = decision.action === 'start' && observed !== undefined;
    if (observed && !isStarted) await removeRegistry(engine, observed.containerId);
    const id = isStarted ? observed.containerId : await createMirror(session, wanted, { name, image, settings });
    await engine.api.getContainer(id).start();
    const address = (await observeContainer(engine, id))?.address;
    if (address === undefined) {
      throw new HarnessError('CLUSTER', `The mirror of ${mirror.host} stopped right after its start.`, {
        next: `Check its log: \`docker logs ${name}\`.`,
      });
    }
    return { title: `mirror of ${mirror.host} ${isStarted ? 'started' : 'created'}`, value: address };
  });
}

async function createMirror(
  { engine }: Session,
  { project, cluster, owner, definition, network }: WantedRegistry,
  { name, image, settings }: { name: string; image: string; settings: string },
): Promise<string> {
  const container = await engine.api.createContainer({
    name,
    Image: image,
    Entrypoint: ['/bin/registry', 'serve', '/etc/distribution/config.yml'],
    Cmd: [],
    Env: ['OTEL_TRACES_EXPORTER=none'], // otherwise it looks for a collector
    Labels: {
      [LABELS.project]: project,
      [LABELS.registry]: cluster,
      [LABELS.owner]: JSON.stringify(owner),
      [LABELS.definition]: definition,
    },
    Volumes: { '/var/lib/registry': {} }, // removed with the container
    HostConfig: { NetworkMode: network, Memory: MEMORY_BYTES },
  });
  await writeContainerFile(engine, container.id, '/etc/distribution/config.yml', settings);
  return container.id;
}

/** Waits until the mirror listens, and writes the file that its node's runtime reads for each pull. */
const TELL = `until (: > "/dev/tcp/$ADDRESS/${REGISTRY_PORT}") 2> /dev/null; do sleep 0.1; done
file="/etc/containerd/certs.d/$HOST/hosts.toml"
mkdir -p "\${file%/*}"
[ "$(cat "$file" 2> /dev/null)" = "$SETTINGS" ] || printf '%s\n' "$SETTINGS" > "$file"`;

async function tellNode({ engine, signal }: Session, node: string, mirror: MirrorConfig, address: string) {
  const settings = hostSettings(mirror, address).trimEnd();
  await exec(engine, node, ['timeout', '30', 'bash', '-ec', TELL], {
    env: { ADDRESS: address.replaceAll(/[[\]]/g, ''), HOST: mirror.host, SETTINGS: settings },
    signal,
  });
}

/** Removes the mirrors of the cluster and their content, if they are ours. */
export async function takeMirrorsDown(session: Session): Promise<void> {
  if (session.config.keepRegistry) return;
  for (const id of await ownMirrors(session)) await removeRegistry(session.engine, id);
}

/** Stops the mirrors. They keep their content. */
export async function stopMirrors(session: Session): Promise<void> {
  const ids = await ownMirrors(session);
  // A container that has stopped already is no error for Docker's own client either.
  await Promise.all(
    ids.map((id) =>
      session.engine.api
        .getContainer(id)
        .stop()
        .catch(() => undefined),
    ),
  );
}

/** The ids of all mirrors of this project and cluster, also of earlier configurations. */
async function ownMirrors({ engine, config }: Session): Promise<string[]> {
  const { project } = config;
  const cluster = config.cluster.name;
  const label = [`${LABELS.project}=${project}`, `${LABELS.registry}=${cluster}`];
  const found = (await engine.api.listContainers({ all: true, filters: { label } })).filter(
    ({ Names }) => !Names.includes(`/${registryName(cluster)}`),
  );
  if (found.length === 0) return [];
  const wanted = { project, cluster, owner: await ownerOf(config) };
  const observed = await Promise.all(found.map(({ Id }) => observeContainer(engine, Id)));
  return observed.flatMap((each) => (each && isOurs(each, wanted) ? [each.containerId] : []));
}
