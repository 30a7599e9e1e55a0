import { expect, it } from 'vitest';
import { differenceLines, fieldChanges } from '../../../src/rendering/decide-difference.ts';

const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'api', resourceVersion: '1', managedFields: [{}], annotations: { 'a.b/c': '1' } },
  spec: { replicas: 1, template: { spec: { containers: [{ name: 'c', image: 'a:1' }], volumes: [{ name: 'v' }] } } },
  status: { ready: 1 },
};

it('names the fields that differ, without status and bookkeeping', () => {
  const after = {
    ...deployment,
    metadata: { name: 'api', resourceVersion: '2', generation: 4, annotations: { 'a.b/c': '2' } },
    spec: { replicas: 1, paused: true, template: { spec: { containers: [{ name: 'c', image: 'a:2' }], volumes: [] } } },
    status: {},
  };
  expect(fieldChanges(deployment, after)).toEqual([
    { path: 'metadata.annotations["a.b/c"]', before: '1', after: '2' },
    { path: 'spec.paused', before: undefined, after: true },
    { path: 'spec.template.spec.containers[0].image', before: 'a:1', after: 'a:2' },
    { path: 'spec.template.spec.volumes', before: [{ name: 'v' }], after: [] },
  ]);
  expect(fieldChanges(deployment, { ...deployment, status: {} })).toEqual([]);
});

it('tells no value of a Secret', () => {
  const secret = (data: object) => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data });
  const fields = fieldChanges(secret({ a: 'b25l', b: 'dHdv' }), secret({ a: 'dGhyZWU=', c: 'Zm91cg==' }));
  expect(fields.map(({ path }) => path)).toEqual(['data.a', 'data.b', 'data.c']);
  expect(JSON.stringify(fields)).not.toMatch(/b25l|dHdv|dGhyZWU|Zm91cg/);
});

it('is printed one line a field', () => {
  const fields = [{ path: 'spec.replicas', before: 1, after: undefined }];
  expect(
    differenceLines([
      { kind: 'Deployment', name: 'api', namespace: 'shop', action: 'change', fields },
      { kind: 'Namespace', name: 'other', action: 'create', fields: [] },
      { kind: 'Job', name: 'old', namespace: 'shop', action: 'refused', fields: [], reason: 'field is immutable' },
    ]),
  ).toEqual([
    '~ Deployment api in shop',
    '    spec.replicas: 1 → none',
    '+ Namespace other',
    '! Job old in shop: field is immutable',
  ]);
});
