import type { KubernetesObject, V1Pod } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { describeState, judgeCondition, neighboursOf } from '../../../src/deploying/judge-condition.ts';
import { STEADY_MS } from '../../../src/deploying/judge-pod.ts';
import { readRef } from '../../../src/kubernetes/object-ref.ts';

const metadata = { name: 'x', namespace: 'ns' };
const object = (status: object): KubernetesObject => ({ metadata, status }) as KubernetesObject;
const ref = (text: string) => readRef(text, 'ns');

describe('an object that is waited for', () => {
  it('does not exist yet, or only in another namespace', () => {
    const elsewhere = { metadata: { name: 'x', namespace: 'other' } };
    expect(judgeCondition(ref('job/x'), 'ready', { own: [elsewhere] })).toEqual({
      state: 'pending',
      detail: 'it does not exist',
    });
  });

  it('is gone if it does not exist', () => {
    expect(judgeCondition(ref('pod/x'), 'gone', { own: [] }).state).toBe('met');
    expect(judgeCondition(ref('pod/x'), 'gone', { own: [object({ phase: 'Running' })] })).toEqual({
      state: 'pending',
      detail: 'Running',
    });
  });

  it('has a condition with a status', () => {
    const seen = {
      own: [object({ conditions: [{ type: 'Complete', status: 'False', reason: 'Why', message: 'because' }] })],
    };
    expect(judgeCondition(ref('job/x'), { condition: 'Complete', status: 'False' }, seen).state).toBe('met');
    expect(judgeCondition(ref('job/x'), { condition: 'Complete', status: 'True' }, seen)).toEqual({
      state: 'pending',
      detail: 'Complete=False (Why: because)',
    });
  });

  it('satisfies a function', () => {
    const seen = { own: [object({ phase: 'Bound' })] };
    expect(judgeCondition(ref('pvc/x'), { holds: () => true }, seen).state).toBe('met');
    expect(judgeCondition(ref('pvc/x'), { holds: () => false }, seen)).toEqual({ state: 'pending', detail: 'Bound' });
  });

  it('is ready by its condition if it creates no pods', () => {
    const custom = { apiVersion: 'x.dev/v1', kind: 'Thing', name: 'x', namespace: 'ns' };
    const ready = (status: string) =>
      judgeCondition(custom, 'ready', { own: [object({ conditions: [{ type: 'Ready', status }] })] }).state;
    expect([ready('True'), ready('Unknown')]).toEqual(['met', 'pending']);
  });

  it('is ready as a Service if it has a ready pod', () => {
    const slice = (ready: boolean) => ({
      metadata: { labels: { 'kubernetes.io/service-name': 'x' } },
      endpoints: [{ conditions: { ready } }],
    });
    const look = (ready: boolean) =>
      judgeCondition(ref('service/x'), 'ready', { own: [object({})], endpointslices: [slice(ready)] }).state;
    expect([look(true), look(false)]).toEqual(['met', 'pending']);
  });

  it('has failed as a pod that cannot start', () => {
    const waiting = { reason: 'ImagePullBackOff', message: 'no such image' };
    const seen = { own: [object({ containerStatuses: [{ name: 'c', state: { waiting } }] })] };
    expect(judgeCondition(ref('pod/x'), 'ready', seen)).toMatchObject({
      state: 'failed',
      failure: { reason: 'ImagePullBackOff' },
    });
  });

  it('is judged with the collections that it depends on', () => {
    const refs = ['deploy/x', 'sts/x', 'pod/x', 'svc/x', 'cm/x'].map(ref);
    expect(refs.map(neighboursOf)).toEqual([['replicasets', 'pods'], ['pods'], [], ['endpointslices'], []]);
  });

  it('is a custom resource if its kind only has the name of one of Kubernetes', () => {
    const service = { ...ref('svc/x'), apiVersion: 'serving.knative.dev/v1' };
    expect(neighboursOf(service)).toEqual([]);
    const own = [object({ conditions: [{ type: 'Ready', status: 'True' }] })];
    expect(judgeCondition(service, 'ready', { own }).state).toBe('met');
  });

  it('is ready for certain only once its unprobed containers have run for a while', () => {
    const running: V1Pod = {
      metadata,
      spec: { containers: [{ name: 'c' }] },
      status: {
        conditions: [{ type: 'Ready', status: 'True' }],
        containerStatuses: [
          {
            name: 'c',
            image: '',
            imageID: '',
            ready: true,
            restartCount: 0,
            state: { running: { startedAt: new Date(10_000) } },
          },
        ],
      },
    };
    expect(judgeCondition(ref('pod/x'), 'ready', { own: [running] })).toMatchObject({
      state: 'met',
      steadyAt: 10_000 + STEADY_MS,
    });
  });
});

describe('the description of a state', () => {
  it('is never empty', () => {
    expect(describeState({ metadata })).toBe('it exists, but its status is empty');
    expect(describeState({ metadata: { ...metadata, deletionTimestamp: new Date(0) } })).toBe('being deleted');
  });
});
