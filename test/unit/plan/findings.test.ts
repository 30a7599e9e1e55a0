import type { CoreV1Event, V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { findings, type Seen } from '../../../src/plan/findings.ts';

const container = (more: Partial<V1ContainerStatus>): V1ContainerStatus => ({
  name: 'app',
  image: 'i',
  imageID: 'i',
  ready: false,
  restartCount: 0,
  ...more,
});
const terminated = (exitCode: number, reason = 'Error') => ({ terminated: { exitCode, reason } });
const pod = (status: V1Pod['status'], name = 'api-1'): V1Pod => ({ metadata: { name }, ...(status ? { status } : {}) });
const event = (kind: string, name: string, reason: string, message: string): CoreV1Event => ({
  metadata: {},
  type: 'Warning',
  reason,
  message,
  involvedObject: { kind, name },
});
const look = (pods: V1Pod[], more: Partial<Seen> = {}) => findings({ pods, events: [], logs: {}, ...more });

describe('what matters about pods', () => {
  it('is nothing where they are ready or done', () => {
    expect(look([pod({ phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] }), pod({ phase: 'Succeeded' })])).toEqual([]);
  });

  it('is the crash with its exit code and its last words', () => {
    const crashed = pod({
      phase: 'Running',
      containerStatuses: [container({ restartCount: 2, state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: terminated(3) })],
    });
    const log = { current: 'starting again\n', previous: `${'line\n'.repeat(20)}no such table: orders\n` };
    const lines = look([crashed], { logs: { 'api-1/app': log } });
    expect(lines[0]).toBe('container app of the pod api-1 crashed: exit code 3 (Error), CrashLoopBackOff, restarted 2 times');
    expect(lines.at(-1)).toBe('  | no such table: orders');
    expect(lines).toHaveLength(1 + 8);
  });

  it('is the log of the container itself where it was not started again', () => {
    const crashed = pod({ phase: 'Failed', containerStatuses: [container({ state: terminated(137, 'OOMKilled') })] });
    expect(look([crashed], { logs: { 'api-1/app': { current: 'eating\n' } } })).toEqual([
      'container app of the pod api-1 crashed: exit code 137 (OOMKilled)',
      '  | eating',
    ]);
    expect(look([crashed])).toContain('  it printed nothing');
    const gone = { 'api-1/app': { current: '', previous: 'eating before\n' } }; // removed a moment ago
    expect(look([crashed], { logs: gone })).toContain('  | eating before');
  });

  it('is the image that cannot be had', () => {
    const state = { waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image "x"' } };
    expect(look([pod({ phase: 'Pending', containerStatuses: [container({ state })] })])).toEqual([
      'container app of the pod api-1 waits: ImagePullBackOff: Back-off pulling image "x"',
    ]);
  });

  it('is why it was not scheduled', () => {
    const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: 'Insufficient cpu' }];
    expect(look([pod({ phase: 'Pending', conditions })])).toEqual(['pod api-1 is not scheduled: Unschedulable: Insufficient cpu']);
  });

  it('is the last warning about one that is not ready', () => {
    const events = [event('Pod', 'api-1', 'Unhealthy', 'Readiness probe failed: 503'), event('Pod', 'other', 'Unhealthy', 'not this')];
    const running = container({ state: { running: {} } });
    expect(look([pod({ phase: 'Running', containerStatuses: [running] })], { events })).toEqual([
      'pod api-1 is not ready (Running): Readiness probe failed: 503',
    ]);
    const creating = container({ state: { waiting: { reason: 'ContainerCreating' } } });
    const mount = [event('Pod', 'api-1', 'FailedMount', 'secret "login" not found')];
    expect(look([pod({ phase: 'Pending', containerStatuses: [creating] })], { events: mount })).toEqual([
      'pod api-1 is not ready (Pending): secret "login" not found',
    ]);
  });

  it('is why there are none', () => {
    const events = [
      event('ReplicaSet', 'api', 'FailedCreate', 'exceeded quota'),
      event('ReplicaSet', 'api', 'FailedCreate', 'exceeded quota'),
    ];
    expect(look([], { events })).toEqual(['ReplicaSet api: FailedCreate: exceeded quota']);
  });

  it('is not more than one reads', () => {
    const pods = Array.from({ length: 100 }, (_, n) => pod({ phase: 'Pending' }, `p${n}`));
    const lines = look(pods);
    expect(lines).toHaveLength(41);
    expect(lines.at(-1)).toBe('… and 60 more lines');
  });
});
