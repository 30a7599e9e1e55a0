import type { DockerEngine } from '../docker/engine.ts';

/** What was seen of the machine that Docker runs on. */
export interface ObservedHost {
  /** As `docker info` says. */
  cgroupVersion: '1' | '2' | undefined;
  /**
   * Whether a process of a privileged container, which is what a node is, may lower its OOM score.
   */
  negativeOomScore: boolean;
}

/** What a cluster needs to be told because of the machine it runs on. */
export interface HostQuirks {
  /** The kubelet refuses cgroup v1 unless told otherwise (from Kubernetes 1.35 on). */
  cgroupV1: boolean;
  /** Negative OOM scores are refused: neither containerd nor the kubelet may insist on them. */
  restrictOomScore: boolean;
}

/** The quirks that follow from what was seen. */
export function hostQuirks(observed: ObservedHost): HostQuirks {
  return { cgroupV1: observed.cgroupVersion === '1', restrictOomScore: !observed.negativeOomScore };
}

/**
 * Looks at the machine behind the engine, which may be another one than this. The OOM score is
 * tried in a container of the node image (half a second): which rights a container gets is written
 * down nowhere.
 */
export async function observeHost(engine: DockerEngine, nodeImage: string): Promise<ObservedHost> {
  const [info, negativeOomScore] = await Promise.all([
    engine.api.info() as Promise<{ CgroupVersion?: string }>,
    mayLowerOomScore(engine, nodeImage),
  ]);
  const version = info.CgroupVersion;
  return { cgroupVersion: version === '1' || version === '2' ? version : undefined, negativeOomScore };
}

async function mayLowerOomScore(engine: DockerEngine, image: string): Promise<boolean> {
  const container = await engine.api.createContainer({
    Image: image,
    Entrypoint: ['/bin/sh', '-c'],
    Cmd: ['echo -999 > /proc/self/oom_score_adj'],
    Labels: { 'kind-harness.probe': 'oom-score' },
    NetworkDisabled: true,
    HostConfig: { Privileged: true },
  });
  try {
    const ended = container.wait({ condition: 'next-exit' }) as Promise<{ StatusCode: number }>;
    ended.catch(() => undefined); // if the start fails, that is the error to tell
    await container.start();
    return (await ended).StatusCode === 0;
  } finally {
    await container.remove({ force: true, v: true });
  }
}
