import { describe, expect, it } from 'vitest';
import { annotationOf, unnamedImages, withImages } from '../../../src/manifests/fill-manifest.ts';
import type { KubeObject } from '../../../src/kubernetes/api.ts';
import type { DeployedImage } from '../../../src/loading/loaded-image.ts';

/** The group of each kind that is not in the first one. */
const VERSIONS: Record<string, string> = {
  Deployment: 'apps/v1',
  CronJob: 'batch/v1',
  Rollout: 'argoproj.io/v1alpha1',
};

const API: DeployedImage = { name: 'api', reference: 'shop/api:dev', digest: 'sha256:1' };
const WEB: DeployedImage = { name: 'web', reference: 'localhost:5000/shop/web:dev', digest: 'sha256:2' };

function object(kind: string, more: Record<string, unknown> = {}, name = kind.toLowerCase()): KubeObject {
  return { apiVersion: VERSIONS[kind] ?? 'v1', kind, metadata: { name }, ...more };
}

function pod(...images: string[]): KubeObject {
  return object('Pod', { spec: { containers: images.map((image) => ({ image })) } });
}

function imagesOf(filled: KubeObject): unknown[] {
  return (filled['spec'] as { containers: { image: unknown }[] }).containers.map((container) => container.image);
}

describe('an image in a manifest', () => {
  it.each([
    ['its name', 'api', 'shop/api:dev'],
    ['its reference', 'shop/api:dev', 'shop/api:dev'],
    ['its repository', 'shop/api', 'shop/api:dev'],
    ['another tag', 'shop/api:v2', 'shop/api:dev'],
    ['a digest', `shop/api@sha256:${'0'.repeat(64)}`, 'shop/api:dev'],
    ['the repository in full', 'docker.io/shop/api:x', 'shop/api:dev'],
    ['a registry with a port', 'localhost:5000/shop/web', 'localhost:5000/shop/web:dev'],
    ['another registry', 'quay.io/shop/api', 'quay.io/shop/api'],
    ['another port', 'localhost:5001/shop/web', 'localhost:5001/shop/web'],
    ['a longer path', 'x/shop/api', 'x/shop/api'],
    ['another name with a tag', 'api:dev', 'api:dev'],
    ['no reference at all', 'Not An Image', 'Not An Image'],
  ])('%s', (_, written, becomes) => {
    expect(imagesOf(withImages(pod(written), [API, WEB]))).toEqual([becomes]);
  });

  it('is the one with that tag if two share a repository', () => {
    const one: DeployedImage = { name: 'one', reference: 'shop/app:one', digest: 'sha256:1' };
    const two: DeployedImage = { name: 'two', reference: 'shop/app:two', digest: 'sha256:2' };
    expect(imagesOf(withImages(pod('shop/app:two', 'shop/app:one'), [one, two]))).toEqual([
      'shop/app:two',
      'shop/app:one',
    ]);
  });

  it('is the one with that name even if another has it as repository', () => {
    const library: DeployedImage = { name: 'other', reference: 'api:1', digest: 'sha256:3' };
    expect(imagesOf(withImages(pod('api'), [library, API]))).toEqual(['shop/api:dev']);
  });

  it('is never pulled, whatever the manifest says, and restarts the pods of the template after a rebuild', () => {
    const containers = [
      { image: 'api', imagePullPolicy: 'Always' },
      { image: 'web', imagePullPolicy: 'Never' },
      { image: 'busybox', imagePullPolicy: 'Always' },
    ];
    const template = {
      metadata: { annotations: { mine: '1' } },
      spec: { initContainers: [{ image: 'shop/api:latest' }], containers },
    };
    const given = object('Deployment', { spec: { template } });
    const before = structuredClone(given);
    const filled = withImages(given, [API, WEB]);
    expect(filled['spec']).toEqual({
      template: {
        metadata: { annotations: { mine: '1', [annotationOf('api')]: 'sha256:1', [annotationOf('web')]: 'sha256:2' } },
        spec: {
          initContainers: [{ image: 'shop/api:dev', imagePullPolicy: 'Never' }],
          containers: [
            { image: 'shop/api:dev', imagePullPolicy: 'Never' },
            { image: 'localhost:5000/shop/web:dev', imagePullPolicy: 'Never' },
            { image: 'busybox', imagePullPolicy: 'Always' },
          ],
        },
      },
    });
    expect(given).toEqual(before);
  });

  it('is never pulled for an ephemeral container either', () => {
    const ephemeralContainers = [{ image: 'api' }, { image: 'busybox' }];
    const filled = withImages(object('Pod', { spec: { containers: [], ephemeralContainers } }), [API]);
    expect(filled['spec']).toEqual({
      containers: [],
      ephemeralContainers: [{ image: 'shop/api:dev', imagePullPolicy: 'Never' }, { image: 'busybox' }],
    });
  });

  it('is found in a CronJob, one level deeper, and in a Pod, at the top', () => {
    const template = { spec: { containers: [{ image: 'api' }] } };
    const cron = withImages(object('CronJob', { spec: { jobTemplate: { spec: { template } } } }), [API]);
    expect(JSON.stringify(cron)).toContain('"image":"shop/api:dev"');
    const single = withImages(pod('api'), [API]);
    expect(single.metadata.annotations).toEqual({ [annotationOf('api')]: 'sha256:1' });
    expect(single.metadata.name).toBe('pod');
  });

  it('leaves everything else unchanged', () => {
    for (const other of [
      object('ConfigMap', { data: { image: 'api' } }),
      object('Service', { spec: { template: 'api' } }),
      pod('busybox'),
    ]) {
      expect(withImages(other, [API])).toEqual(other);
    }
  });
});

describe('images elsewhere', () => {
  it('are those of volumes and of PodTemplates', () => {
    const volumes = [
      { image: { reference: 'api:1', pullPolicy: 'Always' } },
      { image: { reference: 'shop/api' } },
      { emptyDir: {} },
    ];
    const filled = withImages(object('PodTemplate', { template: { spec: { containers: [], volumes } } }), [API]);
    expect(filled['template']).toEqual({
      metadata: { annotations: { [annotationOf('api')]: 'sha256:1' } },
      spec: {
        containers: [],
        volumes: [volumes[0], { image: { reference: 'shop/api:dev', pullPolicy: 'Never' } }, { emptyDir: {} }],
      },
    });
  });

  it('are in the fields of custom resources that the configuration names', () => {
    const spec = {
      image: 'api',
      parts: [{ image: 'shop/web', imagePullPolicy: 'Always' }, { image: 'x' }],
      other: 'api',
    };
    const fields = [
      { kind: 'Rollout.argoproj.io', path: 'spec.image' },
      { kind: 'Rollout', path: 'spec.parts[*].image' },
      { kind: 'Rollout.other.io', path: 'spec.other' },
      { kind: 'Rollout', path: 'spec.none[0].constructor' },
    ];
    const web: DeployedImage = { name: 'web', reference: 'shop/web:dev', digest: 'sha256:2' };
    const filled = withImages(object('Rollout', { spec }), [API, web], fields);
    expect(filled['spec']).toEqual({
      image: 'shop/api:dev',
      parts: [{ image: 'shop/web:dev', imagePullPolicy: 'Never' }, { image: 'x' }],
      other: 'api',
    });
    expect(filled.metadata.annotations).toEqual({
      [annotationOf('api')]: 'sha256:1',
      [annotationOf('web')]: 'sha256:2',
    });
  });

  it('are texts of custom resources that are exactly a reference', () => {
    const spec = { a: 'docker.io/shop/api:dev', b: ['shop/api:dev'], c: 'shop/api', d: 'api', e: 'shop/api:v2' };
    expect(withImages(object('Rollout', { spec }), [API])['spec']).toEqual({
      ...spec,
      a: 'shop/api:dev',
    });
    const config = object('ConfigMap', { data: { a: 'docker.io/shop/api:dev' } });
    expect(withImages(config, [API])).toEqual(config);
  });

  it('are not in a StatefulSet of another group but where it has a pod template', () => {
    const template = { spec: { containers: [{ image: 'api' }] } };
    const custom = { ...object('StatefulSet', { spec: { template } }), apiVersion: 'apps.kruise.io/v1beta1' };
    expect(JSON.stringify(withImages(custom, [API]))).toContain('"image":"shop/api:dev"');
    const service = object('Service', { spec: { template } });
    expect(withImages(service, [API])).toEqual(service);
  });

  it('keep large integers', () => {
    const raw = JSON as unknown as { rawJSON: (text: string) => unknown };
    const filled = withImages(object('Rollout', { spec: { big: raw.rawJSON('9007199254740993') } }), [API]);
    expect(JSON.stringify(filled)).toContain('"big":9007199254740993');
  });

  it('are known to be nowhere', () => {
    const rollout = object('Rollout', { spec: { b: 'localhost:5000/shop/web:dev' } });
    expect(unnamedImages([pod('busybox'), rollout], [API, WEB], [])).toEqual(['api']);
    expect(unnamedImages([pod('shop/api:v1')], [API], [])).toEqual([]);
  });
});
