import type { V1Pod } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { steadyAt } from '../../../src/deploying/judge-pod.ts';

function pod(probed: boolean): V1Pod {
  const status = { name: 'c', image: '', imageID: '', ready: true, restartCount: 0 };
  return {
    spec: { containers: [{ name: 'c', ...(probed ? { readinessProbe: {} } : {}) }] },
    status: { containerStatuses: [{ ...status, state: { running: { startedAt: new Date(10_000) } } }] },
  };
}

describe('the time from which a pod counts as steady', () => {
  it('is three seconds after the start of a container without a readiness probe', () => {
    expect(steadyAt(pod(false))).toBe(13_000);
  });

  it('is any time if every container has one', () => {
    expect(steadyAt(pod(true))).toBe(0);
  });
});
