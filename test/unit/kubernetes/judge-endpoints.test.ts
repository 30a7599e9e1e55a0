import type { V1EndpointSlice, V1Service } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { readyPod, servicePort } from '../../../src/kubernetes/judge-endpoints.ts';

const service = (...ports: { name?: string; port: number; appProtocol?: string }[]): V1Service => ({
  metadata: { name: 'api' },
  spec: { ports },
});

describe('the port of a Service', () => {
  it('is the only one, or the one named http', () => {
    expect(servicePort(service({ port: 80 }), undefined)).toEqual({ name: '', scheme: 'http' });
    expect(servicePort(service({ name: 'admin', port: 81 }, { name: 'http', port: 80 }), undefined)).toEqual({
      name: 'http',
      scheme: 'http',
    });
  });

  it('is the one with that name or number', () => {
    const both = service({ name: 'admin', port: 81 }, { name: 'https', port: 443 });
    expect(servicePort(both, 'admin')).toEqual({ name: 'admin', scheme: 'http' });
    expect(servicePort(both, 443)).toEqual({ name: 'https', scheme: 'https' });
    expect(servicePort(service({ name: 'web', port: 8443, appProtocol: 'https' }), undefined).scheme).toBe('https');
  });

  it('must be given if there are several, and must exist', () => {
    const both = service({ name: 'a', port: 1 }, { name: 'b', port: 2 });
    expect(() => servicePort(both, undefined)).toThrow('has several ports; it has a (1), b (2)');
    expect(() => servicePort(both, 'c')).toThrow('has no port c');
    expect(() => servicePort({ metadata: { name: 'none' } }, undefined)).toThrow('has no port; it has none');
  });
});

describe('a ready pod', () => {
  const slice = (pod: string, ready: boolean | undefined, more: Partial<V1EndpointSlice> = {}): V1EndpointSlice => ({
    addressType: 'IPv4',
    metadata: { labels: { 'kubernetes.io/service-name': 'api' } },
    ports: [{ name: '', port: 8080 }],
    endpoints: [
      {
        addresses: ['10.0.0.1'],
        conditions: ready === undefined ? {} : { ready },
        targetRef: { kind: 'Pod', name: pod, uid: `uid-${pod}` },
      },
    ],
    ...more,
  });

  it('is chosen with its own port', () => {
    expect(readyPod('api', '', [slice('a', false), slice('b', true)], new Set())).toEqual({
      pod: 'b',
      uid: 'uid-b',
      targetPort: 8080,
    });
    expect(readyPod('api', '', [slice('a', undefined)], new Set())).toEqual({
      pod: 'a',
      uid: 'uid-a',
      targetPort: 8080,
    });
  });

  it('is not an excluded one, one of another Service, or one without the port', () => {
    expect(readyPod('api', '', [slice('a', true)], new Set(['uid-a']))).toBeUndefined();
    expect(readyPod('other', '', [slice('a', true)], new Set())).toBeUndefined();
    expect(readyPod('api', 'admin', [slice('a', true)], new Set())).toBeUndefined();
  });
});
