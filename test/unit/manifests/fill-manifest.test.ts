import { describe, expect, it } from 'vitest';
import { annotationOf, withImages } from '../../../src/manifests/fill-manifest.ts';
import type { KubeObject } from '../../../src/kubernetes/api.ts';
import type { DeployedImage } from '../../../src/loading/loaded-image.ts';

const API: DeployedImage = { name: 'api', reference: 'shop/api:dev', digest: 'sha256:1' };
const WEB: DeployedImage = { name: 'web', reference: 'localhost:5000/shop/web:dev', digest: 'sha256:2' };

function object(kind: string, more: Record<string, unknown> = {}, name = kind.toLowerCase()): KubeObject {
  return { apiVersion: 'v1', kind, metadata: { name }, ...more };
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
