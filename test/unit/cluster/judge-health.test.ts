import type { V1Pod } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { clusterLacks, isFromBefore, type ClusterHealthFacts } from '../../../src/cluster/judge-health.ts';

const START = Date.parse('2026-01-01T00:10:00Z');
const AFTER = new Date('2026-01-01T00:10:05Z');
const BEFORE = new Date('2026-01-01T00:05:00Z');
const yes = (type: string) => ({ type, status: 'True' });
const no = (type: string) => ({ type, status: 'False' });

function pod(name: string, started: Date, ready = true): V1Pod {
  return {
    metadata: { name, labels: { 'k8s-app': 'kube-dns' } },
    spec: { nodeName: 'n1', containers: [] },
    status: {
      conditions: [ready ? yes('Ready') : no('Ready')],
      containerStatuses: [
        { name: 'c', image: '', imageID: '', ready, restartCount: 0, state: { running: { startedAt: started } } },
      ],
    },
  };
}

function healthy(more: Partial<ClusterHealthFacts> = {}): ClusterHealthFacts {
  return {
    nodes: [{ metadata: { name: 'n1' }, status: { conditions: [yes('Ready')] } }],
    leases: [{ metadata: { name: 'n1' }, spec: { renewTime: AFTER } }],
    deployments: [{ metadata: { name: 'coredns' }, status: { conditions: [yes('Available')] } }],
    pods: [pod('coredns-1', AFTER)],
    serviceAccounts: [{ metadata: { name: 'default' } }],
    startedAt: { n1: START },
    ...more,
  };
}

describe('what a cluster lacks', () => {
  it('is nothing when nodes, CoreDNS and service accounts are ready', () => {
    expect(clusterLacks(healthy())).toBeUndefined();
  });

  it.each<[string, Partial<ClusterHealthFacts>, string]>([
    ['a node', { nodes: [] }, '0 of 1 nodes ready'],
    [
      'a node that is ready',
      { nodes: [{ metadata: { name: 'n1' }, status: { conditions: [no('Ready')] } }] },
      '0 of 1 nodes ready',
    ],
    ['a second node', { startedAt: { n1: START, n2: START } }, '1 of 2 nodes ready'],
    ['the lease of a node', { leases: [] }, '0 of 1 nodes ready'],
    [
      'a lease renewed since the start of the node',
      { leases: [{ metadata: { name: 'n1' }, spec: { renewTime: BEFORE } }] },
      '0 of 1 nodes ready',
    ],
    ['the restart of a pod', { pods: [pod('coredns-1', AFTER), pod('old', BEFORE)] }, 'pod old has not been restarted'],
    ['CoreDNS', { deployments: [] }, 'CoreDNS is not deployed'],
    [
      'CoreDNS that is available',
      { deployments: [{ metadata: { name: 'coredns' }, status: { conditions: [no('Available')] } }] },
      'CoreDNS is not available',
    ],
    ['a CoreDNS pod', { pods: [] }, 'no CoreDNS pod is ready'],
    ['a CoreDNS pod that is ready', { pods: [pod('coredns-1', AFTER, false)] }, 'no CoreDNS pod is ready'],
    [
      'the service account',
      { serviceAccounts: [{ metadata: { name: 'other' } }] },
      'the default service account does not exist',
    ],
  ])('is %s', (_, more, lacks) => {
    expect(clusterLacks(healthy(more))).toBe(lacks);
  });

  it('accepts times as text, too, because the API sends them so', () => {
    const lease = (time: string) => ({ leases: [{ metadata: { name: 'n1' }, spec: { renewTime: time as never } }] });
    expect(clusterLacks(healthy(lease('2026-01-01T00:10:00.000001Z')))).toBeUndefined();
    expect(clusterLacks(healthy(lease('2026-01-01T00:09:59.999999Z')))).toBe('0 of 1 nodes ready');
  });
});

describe('a pod from before its node was started', () => {
  it('is recognised by its containers, with a tolerance of one second for rounded times', () => {
    const startedAt = { n1: START + 900 };
    expect(isFromBefore(pod('p', new Date(START)), startedAt)).toBe(false);
    expect(isFromBefore(pod('p', new Date(START - 1_000)), startedAt)).toBe(true);
    expect(isFromBefore(pod('p', BEFORE), {})).toBe(false);
    expect(isFromBefore({ spec: { nodeName: 'n1', containers: [] } }, startedAt)).toBe(false);
    expect(isFromBefore({}, startedAt)).toBe(false);
  });
});
