import { createWriteStream, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import type { ClusterNode } from '../cluster/cluster.ts';
import type { DockerEngine } from '../docker/engine.ts';
import { writeFirstFile } from '../docker/tar-file.ts';
import { tryRun } from '../machine/process.ts';
import { kubectlPath } from './find-kustomize.ts';

const IN_NODE = '/usr/bin/kubectl';
const PROBE_TIMEOUT = 20_000;

/**
 * Copies kubectl out of a node, once for each node image. Every node has it, and so it needs no
 * registry and no package.
 * @returns undefined if it cannot run on this machine, which may have another system than the nodes
 */
export async function copyKubectl(
  engine: DockerEngine,
  node: Pick<ClusterNode, 'containerId' | 'image'>,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined;
  const path = kubectlPath(env, node.image);
  if (existsSync(path)) return path;
  mkdirSync(dirname(path), { recursive: true });
  const partial = `${path}.${process.pid}.tmp`;
  try {
    const archive = (await engine.api.getContainer(node.containerId).getArchive({ path: IN_NODE })) as Readable;
    await writeFirstFile(archive, createWriteStream(partial, { mode: 0o755 }));
    const works = await tryRun([partial, 'version', '--client'], { timeout: PROBE_TIMEOUT }).catch(() => undefined);
    if (works?.exitCode !== 0) return undefined; // the engine runs on a machine with another processor
    renameSync(partial, path);
    return path;
  } finally {
    rmSync(partial, { force: true });
  }
}
