import { readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { byteSize } from '../core/byte-size.ts';
import {
  DEFAULT_TIMEOUTS,
  type ClusterConfig,
  type Config,
  type MirrorConfig,
  type TestsConfig,
  type Timeouts,
} from './config.ts';
import type { HarnessConfig } from './define.ts';
import { isFile } from './files.ts';
import { findManifests } from './find-manifests.ts';
import { clusterNameFrom, clusterNameLength, projectNameFrom } from './names.ts';
import { resolveDeploy } from './resolve-deploy.ts';
import { resolveImages } from './resolve-images.ts';
import type { Problem } from './schema.ts';

/**
 * Fills in defaults, makes paths absolute and checks that the files exist.
 * @returns every problem at once
 */
export async function resolveConfig(
  raw: HarnessConfig,
  file: string,
  root: string,
): Promise<{ config: Config; problems: Problem[] }> {
  const problems: Problem[] = [];
  const project = raw.project ?? projectNameFrom(basename(root));
  const namespace = raw.namespace ?? project;
  const timeouts = resolveTimeouts(raw.timeouts);
  const { images, others } = resolveImages(raw.images, root, project, problems);
  const cluster = resolveCluster(raw.cluster, root, project, problems);
  const config: Config = {
    file,
    root,
    stateDirectory: join(root, '.harness', cluster.name),
    project,
    isProjectNamed: raw.project !== undefined,
    namespace,
    cluster,
    images,
    others,
    transport: raw.load?.transport ?? 'auto',
    keepRegistry: raw.registry?.keep ?? false,
    mirrors: resolveMirrors(raw.registry?.mirrors, problems),
    services: Object.entries(raw.services ?? {}).map(([name, { env = {}, command = [], ...service }]) => ({
      name,
      env,
      command,
      ...service,
    })),
    manifests: await findManifests(raw.manifests, root, 'manifests', problems),
    deploy: await resolveDeploy(raw.deploy, { root, namespace, timeouts, images: [...images, ...others], problems }),
    tests: resolveTests(raw.tests, root, problems),
    audit: { maxContext: byteSize(raw.audit?.maxContext), ignore: raw.audit?.ignore ?? [] },
    timeouts,
  };
  return { config, problems };
}

function resolveMirrors(
  raw: NonNullable<HarnessConfig['registry']>['mirrors'] = [],
  problems: Problem[],
): MirrorConfig[] {
  const mirrors = raw.map((mirror) => {
    if (typeof mirror === 'object') return mirror;
    return { host: mirror, from: `https://${mirror === 'docker.io' ? 'registry-1.docker.io' : mirror}` };
  });
  const hosts = mirrors.map(({ host }) => host);
  const twice = hosts.find((host, index) => hosts.indexOf(host) !== index);
  if (twice !== undefined)
    problems.push({ path: 'registry.mirrors', message: `expected each registry once, found ${twice} twice` });
  return mirrors;
}

function resolveCluster(
  raw: HarnessConfig['cluster'] = {},
  root: string,
  project: string,
  problems: Problem[],
): ClusterConfig {
  const kindConfig = raw.config === undefined ? undefined : resolve(root, raw.config);
  const isThere = kindConfig !== undefined && isFile(kindConfig);
  if (kindConfig !== undefined && !isThere)
    problems.push({ path: 'cluster.config', message: `expected a file, found none at ${kindConfig}` });
  if (kindConfig !== undefined && raw.nodes !== undefined) {
    problems.push({
      path: 'cluster.nodes',
      message: 'expected either `nodes` or `config`, found both: the kind configuration lists its nodes',
    });
  }
  const length = clusterNameLength(isThere ? readFileSync(kindConfig, 'utf8') : undefined);
  if (raw.name !== undefined && raw.name.length > length) {
    problems.push({
      path: 'cluster.name',
      message: `expected at most ${length} characters, found ${raw.name.length}: names of nodes would exceed 63`,
    });
  }
  return {
    name: raw.name ?? clusterNameFrom(project, length),
    nodes: raw.nodes ?? 1,
    kindConfig,
    nodeImage: raw.nodeImage,
  };
}

function resolveTests(raw: HarnessConfig['tests'], root: string, problems: Problem[]): TestsConfig {
  if (raw?.command && raw.vitest)
    problems.push({ path: 'tests', message: 'expected either `command` or `vitest`, found both' });
  const [program, ...args] = raw?.command ?? [];
  if (program !== undefined) {
    if (raw?.cache)
      problems.push({ path: 'tests.cache', message: 'expected vitest: it is not known what another program reads' });
    return { runner: 'command', command: [program, ...args] };
  }
  const config = raw?.vitest?.config === undefined ? undefined : resolve(root, raw.vitest.config);
  if (config && !isFile(config))
    problems.push({ path: 'tests.vitest.config', message: `expected a file, found none at ${config}` });
  const { files = [], env = [] } = typeof raw?.cache === 'object' ? raw.cache : {};
  return { runner: 'vitest', config, args: raw?.vitest?.args ?? [], cache: { on: Boolean(raw?.cache), files, env } };
}

/** From seconds to milliseconds. */
function resolveTimeouts(raw: HarnessConfig['timeouts'] = {}): Timeouts {
  const milliseconds = (given: number | undefined, standard: number) => (given === undefined ? standard : given * 1000);
  return {
    cluster: milliseconds(raw.cluster, DEFAULT_TIMEOUTS.cluster),
    deploy: milliseconds(raw.deploy, DEFAULT_TIMEOUTS.deploy),
    service: milliseconds(raw.service, DEFAULT_TIMEOUTS.service),
  };
}
