/** What is there, what is missing and what is merely unwise, for `harness doctor`. Pure. */
import { isAtLeast } from '../core/version.ts';
import { adviceFor, installsItself, startAdvice } from './advice.ts';
import { bestClient, missingNeeds, type Need } from './needs.ts';
import type { ObservedTools } from './observed.ts';
import { OLDEST } from './versions.ts';

/** One line of `harness doctor`. */
export interface Check {
  name: string;
  /** Where it was found or what was seen, in a few words; undefined when there is nothing. */
  found: string | undefined;
  version: string | undefined;
  /** missing: nothing runs without it. warning: it runs, but worse. */
  verdict: 'ok' | 'warning' | 'missing';
  /** What to do about it; undefined when all is well. */
  fix: string | undefined;
}

/** Bytes that a node image, its build and a few versions of a user's images take. */
const ENOUGH_DISK = 15e9;
/**
 * A node runs systemd, containerd and a kubelet, each with several; kind's own documentation asks
 * for 512.
 */
const ENOUGH_INOTIFY = 512;

const NODE_IMAGE_ONLY =
  'Only to build the node image where no registry answers; as root on Debian it is installed then.';

/** The state of every tool, in a fixed order. */
export function diagnose(tools: ObservedTools): Check[] {
  const { kind, go, git, just, debootstrap } = tools;
  const missing = new Set<Need>(missingNeeds(tools));
  const fix = (need: Need) => adviceFor(tools, [need]).join('\n');
  const client = bestClient(tools.dockerClients);
  const required = (need: Need, name: string, found: string | undefined, version: string | undefined): Check => {
    const gone = missing.has(need);
    return { name, found, version, verdict: gone ? 'missing' : 'ok', fix: gone ? installFix(tools, need) : undefined };
  };
  const optional = (
    name: string,
    found: string | undefined,
    version: string | undefined,
    good: boolean,
    advice: string,
  ): Check => ({
    name,
    found,
    version,
    verdict: good ? 'ok' : 'warning',
    fix: good ? undefined : advice,
  });
  const nodeOk = isAtLeast(tools.node, OLDEST.node);
  return [
    {
      name: 'node',
      found: 'the Node that runs this',
      version: tools.node,
      verdict: nodeOk ? 'ok' : 'missing',
      fix: nodeOk ? undefined : `Use Node ${OLDEST.node} or newer.`,
    },
    engineCheck(tools, missing.has('engine') ? installFix(tools, 'engine') : undefined),
    required('docker', 'docker client', client?.path, client?.version),
    required('buildx', 'docker buildx', client?.buildx && client.path, client?.buildx),
    optional(
      'docker compose',
      client?.compose && client.path,
      client?.compose,
      Boolean(client?.compose),
      fix('compose'),
    ),
    required('kind', 'kind', kind?.path, kind?.version),
    optional('go', go?.path, go?.version, isAtLeast(go?.version, OLDEST.go), NODE_IMAGE_ONLY),
    optional('debootstrap', debootstrap?.path, debootstrap?.version, Boolean(debootstrap), NODE_IMAGE_ONLY),
    optional(
      'git',
      git?.path,
      git?.version,
      Boolean(git),
      'Only for `harness dev`, which asks it what is ignored. Install git.',
    ),
    optional(
      'just',
      just?.path,
      just?.version,
      Boolean(just),
      'Only for `just test-cached` and the like: npm install -g rust-just',
    ),
    ...shadowedClient(tools),
    ...limits(tools),
  ];
}

function installFix(tools: ObservedTools, need: Need): string {
  if (!installsItself(tools)) return adviceFor(tools, [need]).join('\n');
  return tools.platform.root ? 'harness setup' : 'harness setup, as root; it tells the commands to anybody else';
}

function engineCheck(tools: ObservedTools, install: string | undefined): Check {
  const { engine } = tools;
  if (engine.state === 'up') {
    const found = `${engine.host ?? 'default socket'}, ${engine.storageDriver}, cgroup v${engine.cgroupVersion || '?'}`;
    return { name: 'docker engine', found, version: engine.version, verdict: 'ok', fix: undefined };
  }
  const found = install ? undefined : engine.message;
  return {
    name: 'docker engine',
    found,
    version: undefined,
    verdict: 'missing',
    fix: install ?? startAdvice(tools).join('\n'),
  };
}

function shadowedClient({ dockerClients }: ObservedTools): Check[] {
  const [first] = dockerClients;
  const best = bestClient(dockerClients);
  if (!first || !best || first === best) return [];
  return [
    {
      name: 'docker on the PATH',
      found: first.path,
      version: first.version,
      verdict: 'warning',
      fix: `It does not find buildx, but ${best.path} does: put that one first on the PATH.`,
    },
  ];
}

function limits({ engine, platform }: ObservedTools): Check[] {
  const checks: Check[] = [];
  if (engine.state === 'up' && engine.freeBytes !== undefined) {
    const tight = engine.freeBytes < ENOUGH_DISK;
    checks.push({
      name: 'disk',
      found: `${(engine.freeBytes / 1e9).toFixed(0)} GB free in ${engine.rootDirectory}`,
      version: undefined,
      verdict: tight ? 'warning' : 'ok',
      fix: tight ? 'Make room: `docker system df` shows what Docker uses.' : undefined,
    });
  }
  if (platform.inotifyInstances !== undefined) {
    const few = platform.inotifyInstances < ENOUGH_INOTIFY;
    checks.push({
      name: 'inotify',
      found: `${platform.inotifyInstances} instances for one user`,
      version: undefined,
      verdict: few ? 'warning' : 'ok',
      fix: few ? `With more than two nodes: sysctl fs.inotify.max_user_instances=${ENOUGH_INOTIFY}` : undefined,
    });
  }
  return checks;
}
