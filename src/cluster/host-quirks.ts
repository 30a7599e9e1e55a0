import { unlessMissing, type DockerEngine } from '../docker/engine.ts';
import { isAbandoned, readOwner } from '../machine/judge-owner.ts';
import { isAlive, thisProcess } from '../machine/running-process.ts';

/** What was observed about the machine that Docker runs on. */
export interface ObservedHost {
  /** As reported by `docker info`. */
  cgroupVersion: '1' | '2' | undefined;
  /** Whether a process in a privileged container, such as a node, may lower its OOM score. */
  negativeOomScore: boolean;
}

/** How a cluster must be configured for the machine it runs on. */
export interface HostQuirks {
  /** The kubelet refuses cgroup v1 unless configured to accept it (from Kubernetes 1.35 on). */
  cgroupV1: boolean;
  /** Negative OOM scores are refused, so containerd and the kubelet must not require them. */
  restrictOomScore: boolean;
}

/** The quirks that follow from the observations. */
export function hostQuirks(observed: ObservedHost): HostQuirks {
  return { cgroupV1: observed.cgroupVersion === '1', restrictOomScore: !observed.negativeOomScore };
}

/**
 * Observes the engine's machine, which may be a remote one. The OOM score is tested in a container
 * of the node image (half a second), because no API reports which rights a container gets.
 */
export async function observeHost(engine: DockerEngine, nodeImage: string): Promise<ObservedHost> {
  await removeProbes(engine);
  const [info, negativeOomScore] = await Promise.all([
    engine.api.info() as Promise<{ CgroupVersion?: string }>,
    mayLowerOomScore(engine, nodeImage),
  ]);
  const version = info.CgroupVersion;
  return { cgroupVersion: version === '1' || version === '2' ? version : undefined, negativeOomScore };
}

/** Labels of the containers that test what a container may do: what is tested, and by whom. */
const PROBE = 'kind-harness.probe';
const PROBE_OWNER = 'kind-harness.probe-owner';

/** Removes the containers of killed probes. */
export async function removeProbes(engine: DockerEngine): Promise<void> {
  const observer = { self: thisProcess(), isAlive };
  const found = await engine.containersWith<{ Id: string; Created: number; Labels: Record<string, string> }>([PROBE]);
  for (const { Id, Created, Labels } of found) {
    if (!isAbandoned(readOwner(Labels[PROBE_OWNER]), Date.now() - Created * 1000, observer)) continue;
    await unlessMissing(engine.api.getContainer(Id).remove({ force: true, v: true }));
  }
}

async function mayLowerOomScore(engine: DockerEngine, image: string): Promise<boolean> {
  const container = await engine.api.createContainer({
    Image: image,
    Entrypoint: ['/bin/sh', '-c'],
    Cmd: ['echo -999 > /proc/self/oom_score_adj'],
    Labels: { [PROBE]: 'oom-score', [PROBE_OWNER]: JSON.stringify(thisProcess()) },
    NetworkDisabled: true,
    HostConfig: { Privileged: true },
  });
  try {
    const ended = container.wait({ condition: 'next-exit' }) as Promise<{ StatusCode: number }>;
    ended.catch(() => undefined); // if the start fails, its error is the one to report
    await container.start();
    return (await ended).StatusCode === 0;
  } finally {
    await container.remove({ force: true, v: true });
  }
}
