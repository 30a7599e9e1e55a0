import { describe, expect, it } from 'vitest';
import { builtInKind } from '../../../src/kubernetes/built-in-kind.ts';

describe('a kind of Kubernetes itself', () => {
  it.each([
    ['v1', 'Pod', 'Pod'],
    ['apps/v1', 'StatefulSet', 'StatefulSet'],
    ['apps/v1beta1', 'StatefulSet', 'StatefulSet'],
    ['apps.kruise.io/v1beta1', 'StatefulSet', undefined],
    ['batch.volcano.sh/v1alpha1', 'Job', undefined],
    ['serving.knative.dev/v1', 'Service', undefined],
    ['v1', 'Deployment', undefined],
    ['apps/v1', 'constructor', undefined],
    ['constructor/v1', 'Pod', undefined],
  ])('%s %s', (apiVersion, kind, expected) => {
    expect(builtInKind({ apiVersion, kind })).toBe(expected);
  });
});
