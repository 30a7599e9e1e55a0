import { describe, expect, it } from 'vitest';
import { isImmutable, whyItPasses, type Refusal } from '../../../src/applying/judge-refusal.ts';

const unexpected = { kind: false };

describe('a refusal passes by itself', () => {
  it.each<[string, Refusal, string]>([
    [
      'a webhook without endpoints',
      {
        status: 500,
        message:
          'Internal error occurred: failed calling webhook "a.b": failed to call webhook: Post "https://a.b.svc:443/?timeout=5s": no endpoints available for service "a"',
      },
      'a webhook does not respond',
    ],
    [
      'a webhook whose certificate is not trusted yet',
      {
        status: 500,
        message: 'failed calling webhook "a.b": Post "https://a.b.svc": x509: certificate signed by unknown authority',
      },
      'a webhook does not respond',
    ],
    [
      'a conversion webhook',
      { status: 500, message: 'conversion webhook for a.b/v2, Kind=A failed: Post "https://a": connection refused' },
      'a webhook does not respond',
    ],
    ['a slow etcd', { status: 500, message: 'etcdserver: request timed out' }, 'a part of the API server is not ready'],
    [
      'an aggregated API that is not up',
      { status: 503, message: 'service unavailable' },
      'a part of the API server is not ready',
    ],
    ['too many requests', { status: 429, message: 'too many requests' }, 'the API server is busy'],
    [
      'a conflict',
      { status: 409, message: 'the object has been modified; please apply your changes to the latest version' },
      'it was changed at the same time',
    ],
    [
      'a namespace that is being deleted',
      { status: 403, causes: ['NamespaceTerminating'], message: 'forbidden' },
      'the namespace is being deleted',
    ],
    [
      'a pod before its service account',
      { status: 403, message: 'pods "a" is forbidden: error looking up service account shop/default' },
      'its ServiceAccount does not exist yet',
    ],
    [
      'an object before its quota is counted',
      { status: 403, message: 'pods "a" is forbidden: status unknown for quota: small, resources: pods' },
      'its quota is not counted yet',
    ],
    ['a reset connection', { code: 'ECONNRESET', message: 'read ECONNRESET' }, 'the API server does not respond'],
  ])('of %s', (_, refusal, why) => {
    expect(whyItPasses(refusal, unexpected)).toBe(why);
  });

  it('of a kind that the deployment itself brings', () => {
    const refusal = { status: 404, message: 'the server could not find the requested resource' };
    expect(whyItPasses(refusal, { kind: true })).toBe('the API server does not serve its kind yet');
    expect(whyItPasses(refusal, unexpected)).toBeUndefined();
  });
});

it.each<[string, Refusal]>([
  ['a webhook that denies it', { status: 400, message: 'admission webhook "a.b" denied the request: no' }],
  ['a misspelt field', { status: 400, message: 'strict decoding error: unknown field "spec.replicass"' }],
  ['an exceeded quota', { status: 403, message: 'pods "a" is forbidden: exceeded quota: q' }],
  ['an invalid value', { status: 422, message: 'Deployment.apps "a" is invalid: spec.replicas: Invalid value: -1' }],
  ['a missing namespace', { status: 404, message: 'namespaces "a" not found' }],
  ['a bug', { message: 'x is not a function' }],
])('a refusal stays: %s', (_, refusal) => {
  expect(whyItPasses(refusal, unexpected)).toBeUndefined();
});

it.each([
  ['Job.batch "a" is invalid: spec.template: Invalid value: {}: field is immutable', true],
  [
    'StatefulSet.apps "a" is invalid: spec: Forbidden: updates to statefulset spec for fields other than \'replicas\' are forbidden',
    true,
  ],
  ['RoleBinding "a" is invalid: roleRef: Invalid value: {}: cannot change roleRef', true],
  ['ConfigMap "a" is invalid: data: Forbidden: field is immutable when `immutable` is set', true],
  ['Service "a" is invalid: spec.clusterIPs[0]: Invalid value: ["None"]: may not change once set', true],
  ['StorageClass.storage.k8s.io "a" is invalid: parameters: Forbidden: updates to parameters are forbidden.', true],
  [
    'PersistentVolumeClaim "a" is invalid: spec.resources.requests.storage: Forbidden: field can not be less than status.capacity',
    true,
  ],
  [
    'Pod "a" is invalid: spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`',
    true,
  ],
  ['Deployment.apps "a" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0', false],
])('a field cannot be changed in place: %s', (message, immutable) => {
  expect(isImmutable({ status: 422, message })).toBe(immutable);
});
