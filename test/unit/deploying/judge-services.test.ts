import type { V1EndpointSlice, V1Pod, V1Service } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { servicesLack } from '../../../src/deploying/judge-services.ts';
import type { RolloutFacts } from '../../../src/deploying/workload.ts';

const service: V1Service = { metadata: { name: 'api', namespace: 'shop' }, spec: { selector: { app: 'api' } } };

function pod(ip: string | undefined, ready: boolean, more: V1Pod['metadata'] = {}): V1Pod {
  return {
    metadata: { name: 'api-1', namespace: 'shop', labels: { app: 'api', more: 'x' }, ...more },
    status: {
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
      podIPs: ip === undefined ? [] : [{ ip }],
    },
  };
}

function slice(address: string, ready?: boolean): V1EndpointSlice {
  return {
    addressType: 'IPv4',
    metadata: { namespace: 'shop', labels: { 'kubernetes.io/service-name': 'api' } },
    endpoints: [{ addresses: [address], conditions: ready === undefined ? {} : { ready } }],
  };
}

function facts(more: Partial<RolloutFacts>): RolloutFacts {
  const none = { deployments: [], statefulSets: [], daemonSets: [], jobs: [], replicaSets: [], startedAt: {} };
  return { ...none, pods: [], services: [service], endpointSlices: [], ...more };
}

describe('the deployed Services', () => {
  it('lack nothing once they route to every ready pod', () => {
    expect(servicesLack(facts({ pods: [pod('10.0.0.1', true)], endpointSlices: [slice('10.0.0.1')] }))).toBeUndefined();
    expect(
      servicesLack(
        facts({ pods: [pod('10.0.0.1', true)], endpointSlices: [slice('10.0.0.9'), slice('10.0.0.1', true)] }),
      ),
    ).toBeUndefined();
  });

  it('lack a pod that has no endpoint, an unready one, or one with an earlier address', () => {
    const missing = 'Service api: does not route to pod api-1 yet';
    for (const endpointSlices of [[], [slice('10.0.0.1', false)], [slice('10.0.0.9', true)]]) {
      expect(servicesLack(facts({ pods: [pod('10.0.0.1', true)], endpointSlices }))).toBe(missing);
    }
  });

  it('need no pod that is unready, being deleted, without address, in another namespace or not selected', () => {
    const others = [
      pod('10.0.0.1', false),
      pod('10.0.0.1', true, { deletionTimestamp: new Date() }),
      pod(undefined, true),
      pod('10.0.0.1', true, { namespace: 'bank' }),
      pod('10.0.0.1', true, { labels: { app: 'worker' } }),
    ];
    expect(servicesLack(facts({ pods: others }))).toBeUndefined();
    const external: V1Service = { metadata: { name: 'api', namespace: 'shop' }, spec: { externalName: 'elsewhere' } };
    expect(servicesLack(facts({ services: [external], pods: [pod('10.0.0.1', true)] }))).toBeUndefined();
  });
});
