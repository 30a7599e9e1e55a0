import { describe, expect, it } from 'vitest';
import { decideRecreation } from '../../../src/applying/decide-recreation.ts';
import type { KubeObject } from '../../../src/kubernetes/api.ts';

const managedFields = [{ manager: 'kind-harness', operation: 'Apply', fieldsV1: {} }];

function object(apiVersion: string, kind: string, spec: object = {}): KubeObject {
  return { apiVersion, kind, metadata: { name: 'a', managedFields }, spec };
}

const decide = (found: KubeObject, wanted = found, asked = false) => decideRecreation(found, wanted, asked);

describe('an object with a field that cannot be changed', () => {
  it.each([
    ['batch/v1', 'Job'],
    ['v1', 'Service'],
    ['v1', 'ConfigMap'],
    ['v1', 'Secret'],
    ['apps/v1', 'Deployment'],
    ['rbac.authorization.k8s.io/v1', 'RoleBinding'],
    ['storage.k8s.io/v1', 'StorageClass'],
  ])('is recreated if nothing is lost: %s %s', (apiVersion, kind) => {
    expect(decide(object(apiVersion, kind))).toEqual({ action: 'recreate', propagation: 'Foreground' });
  });

  it.each([
    ['v1', 'PersistentVolumeClaim'],
    ['v1', 'PersistentVolume'],
    ['apiextensions.k8s.io/v1', 'CustomResourceDefinition'],
    ['databases.example/v1', 'Database'],
    ['databases.example/v1', 'StatefulSet'],
  ])('is recreated only when asked if it holds data: %s %s', (apiVersion, kind) => {
    const found = object(apiVersion, kind);
    expect(decide(found)).toMatchObject({ action: 'ask' });
    expect(decide(found, found, true)).toMatchObject({ action: 'recreate', loses: expect.any(String) });
  });

  it('is left alone if this harness did not create it', () => {
    const foreign = { ...object('v1', 'ConfigMap'), metadata: { name: 'a', managedFields: [{ manager: 'kubectl' }] } };
    expect(decide(foreign, foreign, true)).toEqual({ action: 'refuse' });
  });
});

describe('a StatefulSet', () => {
  const set = (app: string, more: object = {}) =>
    object('apps/v1', 'StatefulSet', { selector: { matchLabels: { app } }, volumeClaimTemplates: [{}], ...more });

  it('is recreated around its pods and claims, which stay', () => {
    expect(decide(set('one'), set('one', { volumeClaimTemplates: [{ spec: {} }] }))).toEqual({
      action: 'recreate',
      propagation: 'Orphan',
      keeps: 'its claims stay as they are, with their data and size',
    });
  });

  it('whose selector changed is recreated with its pods: nothing would find them', () => {
    expect(decide(set('one'), set('two'))).toMatchObject({ action: 'recreate', propagation: 'Foreground' });
  });

  it('whose claims would go with it is recreated only when asked', () => {
    const deleting = set('one', { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete' } });
    expect(decide(deleting, set('two'))).toMatchObject({ action: 'ask' });
    expect(decide(deleting, set('one', { serviceName: 'x' }))).toMatchObject({ propagation: 'Orphan' });
  });
});
