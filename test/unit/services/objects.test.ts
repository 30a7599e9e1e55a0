import { describe, expect, it } from 'vitest';
import { objectsFor } from '../../../src/services/objects.ts';
import { serviceVariables } from '../../../src/testing/environment.ts';

describe('a service container', () => {
  it('has a Service without a selector, and an EndpointSlice with its address', () => {
    const [service, slice] = objectsFor({ name: 'store', ports: [5432] }, '172.18.0.9').map(({ object }) => object);
    const ports = [{ name: 'port-5432', port: 5432, protocol: 'TCP' }];
    expect(service).toEqual({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'store' }, spec: { ports } });
    expect(slice).toMatchObject({
      metadata: { labels: { 'kubernetes.io/service-name': 'store' } },
      addressType: 'IPv4',
      ports,
      endpoints: [{ addresses: ['172.18.0.9'] }],
    });
  });

  it('has a variable for each port, and one for the lowest port', () => {
    expect(serviceVariables({ 'my-store': { 5432: 'localhost:2', 80: 'localhost:1' } })).toEqual({
      HARNESS_URL_MY_STORE: 'tcp://localhost:1',
      HARNESS_URL_MY_STORE_80: 'tcp://localhost:1',
      HARNESS_URL_MY_STORE_5432: 'tcp://localhost:2',
    });
  });
});
