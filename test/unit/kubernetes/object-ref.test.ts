import { describe, expect, it } from 'vitest';
import { readRef, describeRef } from '../../../src/kubernetes/object-ref.ts';

describe('a reference to an object', () => {
  it.each([
    ['deployment/api', 'apps/v1', 'Deployment', 'api'],
    ['deployments/api', 'apps/v1', 'Deployment', 'api'],
    ['Deployment/api', 'apps/v1', 'Deployment', 'api'],
    ['deploy/api', 'apps/v1', 'Deployment', 'api'],
    ['sts/redis', 'apps/v1', 'StatefulSet', 'redis'],
    ['svc/api', 'v1', 'Service', 'api'],
    ['job/migrate', 'batch/v1', 'Job', 'migrate'],
    ['pod/x', 'v1', 'Pod', 'x'],
    ['x', 'v1', 'Pod', 'x'],
  ])('%s', (text, apiVersion, kind, name) => {
    expect(readRef(text, 'ns')).toEqual({ apiVersion, kind, name, namespace: 'ns' });
  });

  it.each(['thing/x', 'pod/', 'a/b/c', ''])('cannot be %j', (text) => {
    expect(() => readRef(text, 'ns')).toThrow('does not name an object');
  });

  it('is described in messages', () => {
    expect(describeRef(readRef('deploy/api', 'ns'))).toBe('Deployment api in namespace ns');
    expect(describeRef({ apiVersion: 'v1', kind: 'Node', name: 'n' })).toBe('Node n');
  });
});
