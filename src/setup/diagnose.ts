/** Judges the state of every tool, for `harness doctor`. Pure. */
import { isAtLeast } from '../core/version.ts';
import { adviceFor, installsItself, startAdvice } from './advice.ts';
import { bestClient, missingNeeds, type Need } from './needs.ts';
import type { ObservedTools } from './observed.ts';
import { OLDEST } from './versions.ts';

/** One line in the output of `harness doctor`. */
export interface Check {
  name: string;
  /** Where it was found, or its state, in a few words; undefined if it was not found. */
  found: string | undefined;
  version: string | undefined;
  /** missing: nothing works without it. warning: the harness works, but with limits. */
  verdict: 'ok' | 'warning' | 'missing';
  /** How to fix it; undefined if it is ok. */
  fix: string | undefined;
}

/** Bytes for a node image, its build and a few versions of a user's images. */
const ENOUGH_DISK = 15e9;
/**
 * A node runs systemd, containerd and a kubelet, and each needs several instances. kind's
 * documentation asks for 512.
 */
const ENOUGH_INOTIFY = 512;

const NODE_IMAGE_ONLY =
  'Needed only to build the node image without a registry. As root on Debian it is installed then.';

/** The state of every tool, in a fixed order. */
export function diagnose(tools: ObservedTools): Check[] {
  const { kind, go, git, just, debootstrap } = tools;
  const missing = new Set<Need>(missingNeeds(tools));
  const fix = (need: Need) => adviceFor(tools, [need]).join('\n');
  const client = bestClient(tools.dockerClients);
  const required = (need: Need, name: string, found: string | undefined, version: string | undefined): Check => {
    const isMissing = missing.has(need);
    const fix = isMissing ? installFix(tools, need) : undefined;
    return { name, found, version, verdict: isMissing ? 'missing' : 'ok', fix };
  };
  const optional = (
    name: string,
    found: string | undefined,
    version: string | undefined,
    ok: boolean,
    advice: string,
  ): Check => ({
    name,
    found,
    version,
    verdict: ok ? 'ok' : 'warning',
    fix: ok ? undefined : advice,
  });
  const nodeOk = isAtLeast(tools.node, OLDEST.node);
  return [
    {
      name: 'node',
      found: 'runs this command',
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
      'Install git. Only `harness dev` needs it, to find ignored files.',
    ),
    optional(
      'just',
      just?.path,
      just?.version,
      Boolean(just),
      'Only for `just test-cached` and similar recipes: npm install -g rust-just',
    ),
    ...shadowedClient(tools),
    ...limits(tools),
  ];
}

function installFix(tools: ObservedTools, need: Need): string {
  if (!installsItself(tools)) return adviceFor(tools, [need]).join('\n');
  return tools.platform.root ? 'harness setup' : 'Run `harness setup` as root; without root it prints the commands.';
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
      fix: `It has no buildx, but ${best.path} has: put that one first on the PATH.`,
    },
  ];
}

function limits({ engine, platform }: ObservedTools): Check[] {
  const checks: Check[] = [];
  if (engine.state === 'up' && engine.freeBytes !== undefined) {
    const isLow = engine.freeBytes < ENOUGH_DISK;
    checks.push({
      name: 'disk',
      found: `${(engine.freeBytes / 1e9).toFixed(0)} GB free in ${engine.rootDirectory}`,
      version: undefined,
      verdict: isLow ? 'warning' : 'ok',
      fix: isLow ? 'Free disk space: `docker system df` shows what Docker uses.' : undefined,
    });
  }
  if (platform.inotifyInstances !== undefined) {
    const isLow = platform.inotifyInstances < ENOUGH_INOTIFY;
    checks.push({
      name: 'inotify',
      found: `${platform.inotifyInstances} instances per user`,
      version: undefined,
      verdict: isLow ? 'warning' : 'ok',
      fix: isLow
        ? `For more than two nodes, run as root: sysctl fs.inotify.max_user_instances=${ENOUGH_INOTIFY}`
        : undefined,
    });
  }
  return checks;
}
