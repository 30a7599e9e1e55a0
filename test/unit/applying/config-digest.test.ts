import { describe, expect, it } from 'vitest';
import { CONFIG_ANNOTATION, DeployedConfig, withTemplateDigest } from '../../../src/applying/config-digest.ts';
import { digestOfJson } from '../../../src/core/digest.ts';
import type { KubeObject } from '../../../src/kubernetes/api.ts';

const config = (kind: string, name: string, value: string): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name },
  data: { value },
});

const deployment = (spec: object, kind = 'Deployment'): KubeObject => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name: 'api' },
  spec: { template: { metadata: { annotations: { own: 'yes' } }, spec } },
});

type Annotated = { spec: { template: { metadata: { annotations: Record<string, string> } } } };
const annotationsOf = (object: KubeObject) => (object as unknown as Annotated).spec.template.metadata.annotations;

function digestOf(configs: KubeObject[], spec: object, key = 'key'): string | undefined {
  const known = new DeployedConfig(() => Buffer.from(key));
  known.add(configs, 'shop');
  return annotationsOf(known.annotate(deployment(spec), 'shop'))[CONFIG_ANNOTATION];
}

const REFERENCES: [string, string, object][] = [
  ['env', 'ConfigMap', { containers: [{ env: [{ valueFrom: { configMapKeyRef: { name: 'c', key: 'value' } } }] }] }],
  ['env', 'Secret', { initContainers: [{ env: [{ valueFrom: { secretKeyRef: { name: 'c' } } }] }] }],
  ['envFrom', 'ConfigMap', { containers: [{ envFrom: [{ configMapRef: { name: 'c' } }] }] }],
  ['envFrom', 'Secret', { containers: [{ envFrom: [{ secretRef: { name: 'c' } }] }] }],
  ['a volume', 'ConfigMap', { volumes: [{ configMap: { name: 'c' } }] }],
  ['a volume', 'Secret', { volumes: [{ secret: { secretName: 'c' } }] }],
  ['a projected volume', 'ConfigMap', { volumes: [{ projected: { sources: [{ configMap: { name: 'c' } }] } }] }],
  ['a projected volume', 'Secret', { volumes: [{ projected: { sources: [{ secret: { name: 'c' } }] } }] }],
];

describe('the digest in a pod template', () => {
  it.each(REFERENCES)('changes with what is read by %s of a %s', (_, kind, spec) => {
    const one = digestOf([config(kind, 'c', 'one')], spec);
    expect(one).toMatch(/^[0-9a-f]{32}$/);
    expect(digestOf([config(kind, 'c', 'two')], spec)).not.toBe(one);
    expect(digestOf([config(kind, 'c', 'one'), config(kind, 'other', 'x')], spec)).toBe(one);
  });

  it('of a Secret depends on the key, so that the value cannot be guessed', () => {
    const spec = { volumes: [{ secret: { secretName: 'c' } }] };
    const secret = config('Secret', 'c', 'password');
    expect(digestOf([secret], spec, 'other')).not.toBe(digestOf([secret], spec));
    expect(digestOf([secret], spec)).not.toBe(digestOfJson([['Secret shop/c', secret['data']]]).slice(0, 32));
  });

  it('is missing if nothing of the deployment is read', () => {
    const spec = { volumes: [{ configMap: { name: 'elsewhere' } }] };
    expect(digestOf([config('ConfigMap', 'c', 'one')], spec)).toBeUndefined();
  });

  it('is missing in a kind of that name in another group', () => {
    const known = new DeployedConfig(() => Buffer.from('key'));
    known.add([config('ConfigMap', 'c', 'one')], 'shop');
    const custom = { ...deployment({ volumes: [{ configMap: { name: 'c' } }] }), apiVersion: 'own.example/v1' };
    expect(known.annotate(custom, 'shop')).toBe(custom);
  });
});

it('the template of a ReplicaSet of its own has a digest of itself', () => {
  const digest = (image: string) =>
    annotationsOf(withTemplateDigest(deployment({ containers: [{ image }] }, 'ReplicaSet')))[
      'kind-harness.dev/template'
    ];
  expect(digest('a')).toMatch(/^[0-9a-f]{32}$/);
  expect(digest('a')).toBe(digest('a'));
  expect(digest('b')).not.toBe(digest('a'));
  const other = deployment({});
  expect(withTemplateDigest(other)).toBe(other);
});

it('keeps integers that JavaScript cannot hold', () => {
  const { rawJSON } = JSON as unknown as { rawJSON: (text: string) => unknown };
  const spec = { containers: [{ envFrom: [{ configMapRef: { name: 'c' } }], large: rawJSON('9007199254740993') }] };
  const known = new DeployedConfig(() => Buffer.from('key'));
  known.add([config('ConfigMap', 'c', 'x')], 'shop');
  for (const copy of [known.annotate(deployment(spec), 'shop'), withTemplateDigest(deployment(spec, 'ReplicaSet'))])
    expect(JSON.stringify(copy)).toContain('"large":9007199254740993');
});
