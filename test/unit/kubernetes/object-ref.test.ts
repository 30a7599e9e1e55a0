import { describe, expect, it } from 'vitest';
import { readRef, refWords } from '../../../src/kubernetes/object-ref.ts';

describe('the words for an object', () => {
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

  it.each(['thing/x', 'pod/', 'a/b/c', ''])('%j names none', (text) => {
    expect(() => readRef(text, 'ns')).toThrow('names no object');
  });

  it('are read back to people', () => {
    expect(refWords(readRef('deploy/api', 'ns'))).toBe('Deployment api in the namespace ns');
    expect(refWords({ apiVersion: 'v1', kind: 'Node', name: 'n' })).toBe('Node n');
  });
});
