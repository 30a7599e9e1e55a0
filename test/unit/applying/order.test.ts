import { describe, expect, it } from 'vitest';
import { inOrder } from '../../../src/applying/order.ts';
import type { KubeObject } from '../../../src/kubernetes/api.ts';

function object(kind: string, name = kind.toLowerCase()): KubeObject {
  return { apiVersion: 'v1', kind, metadata: { name } };
}

describe('the order of objects', () => {
  it('puts each after what it refers to, and keeps the order within a kind', () => {
    const kinds = [
      'Deployment',
      'Ingress',
      'Service',
      'Widget',
      'Job',
      'ConfigMap',
      'CustomResourceDefinition',
      'Pod',
      'Namespace',
      'DaemonSet',
    ];
    const others = { ...object('Service', 'of others'), apiVersion: 'serving.knative.dev/v1' };
    const objects = [...kinds.map((kind) => object(kind)), object('Service', 'second'), others].map((one, i) => ({
      source: String(i),
      object: one,
    }));
    const before = structuredClone(objects);
    expect(inOrder(objects).map((one) => one.object.metadata.name)).toEqual([
      'namespace',
      'customresourcedefinition',
      'configmap',
      'service',
      'second',
      'widget',
      'of others',
      'daemonset',
      'deployment',
      'pod',
      'job',
      'ingress',
    ]);
    expect(objects).toEqual(before);
  });
});
