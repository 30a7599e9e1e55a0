import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import type { Generation } from '../../../src/deploying/generation.ts';
import {
  allExpectedPods,
  differences,
  expectedPods,
  withSteps,
  type Deployed,
} from '../../../src/deploying/judge-current.ts';

const generation: Generation = { id: 'g1', content: 'c', directory: '/here', since: '2026-01-02T03:04:05Z' };
const api = { name: 'api', reference: 'shop/api:dev', digest: 'sha256:api' };
const web = { name: 'web', reference: 'shop/web:dev', digest: 'sha256:web' };
const deployed: Deployed = {
  generation,
  images: [api, web],
  workloads: [{ kind: 'Deployment', name: 'api', namespace: 'shop', containers: ['main', 'migrate'] }],
};

interface Options {
  image?: string;
  imageID?: string;
  container?: string;
  owner?: { kind: string; name: string };
  namespace?: string;
  phase?: string;
  deleted?: boolean;
}

function pod(options: Options = {}): V1Pod {
  const {
    image = api.reference,
    imageID = api.digest,
    container = 'main',
    namespace = 'shop',
    phase,
    deleted,
  } = options;
  const { kind, name } = options.owner ?? { kind: 'ReplicaSet', name: 'api-5d4f' };
  return {
    metadata: {
      name: 'api-5d4f-x',
      namespace,
      labels: { 'pod-template-hash': '5d4f' },
      ownerReferences: [{ kind, name, apiVersion: 'v1', uid: 'u' }],
      ...(deleted ? { deletionTimestamp: new Date(0) } : {}),
    },
    spec: { containers: [{ name: container, image }] },
    status: {
      ...(phase === undefined ? {} : { phase }),
      containerStatuses: [{ name: container, imageID } as V1ContainerStatus],
    },
  };
}

const compare = (pods: V1Pod[], now: Generation | undefined = generation, expected = deployed) =>
  differences(expected, { generation: now, pods }, (imageId) => (imageId.includes('@') ? undefined : imageId));

describe('a deployment is current', () => {
  it.each<[string, V1Pod[]]>([
    ['if its pods run what was loaded', [pod(), pod()]],
    ['if it was scaled to nothing', []],
    ['while a pod starts', [pod({ imageID: '' })]],
    ['if a container has another of its images', [pod({ image: web.reference, imageID: web.digest })]],
    ['whatever containers of others run', [pod({ container: 'sidecar', image: 'nginx', imageID: 'sha256:nginx' })]],
    ['whatever pods of others run', [pod({ owner: { kind: 'ReplicaSet', name: 'api-extra-5d4f' }, image: 'nginx' })]],
    ['whatever runs in other namespaces', [pod({ namespace: 'other', image: 'nginx' })]],
    ['whatever pods run that are ending', [pod({ image: 'nginx', deleted: true })]],
    ['whatever pods ran that have ended', [pod({ image: 'nginx', phase: 'Failed' })]],
  ])('%s', (_, pods) => {
    expect(compare(pods)).toEqual([]);
  });
});

describe('a deployment is not current', () => {
  it('if another generation was deployed, though with the same content', () => {
    const other = { ...generation, id: 'g2', directory: '/there' };
    expect(compare([pod()], other)).toEqual(['something else was deployed at 2026-01-02T03:04:05Z from /there']);
  });

  it('if it was removed', () => {
    expect(differences(deployed, { generation: undefined, pods: [] }, (id) => id)).toEqual([
      'what this run deployed was removed',
    ]);
  });

  it('if a container has another image', () => {
    expect(compare([pod({ image: 'nginx', imageID: '' })])).toEqual([
      'container main of pod api-5d4f-x runs nginx, which this run did not deploy',
    ]);
  });

  it('if a container runs another build under the same name', () => {
    expect(compare([pod({ imageID: 'sha256:other' })])).toEqual([
      'container main of pod api-5d4f-x runs another build of shop/api:dev (sha256:other)',
    ]);
  });

  it('if no node knows what a container runs', () => {
    expect(compare([pod({ imageID: 'docker.io/shop/api@sha256:gone' })])).toHaveLength(1);
  });

  it('if an initial container ran another build', () => {
    const { metadata, spec } = pod({ container: 'migrate' });
    const status = { initContainerStatuses: [{ name: 'migrate', imageID: 'sha256:other' } as V1ContainerStatus] };
    const initial = {
      ...(metadata ? { metadata } : {}),
      spec: { containers: [], initContainers: spec!.containers },
      status,
    };
    expect(compare([initial])).toHaveLength(1);
  });

  it.each(['StatefulSet', 'DaemonSet', 'Job'])('if a pod of a %s runs another build', (kind) => {
    const workloads = [{ kind, name: 'db', namespace: 'shop', containers: ['main'] }];
    const strange = pod({ owner: { kind, name: 'db' }, imageID: 'sha256:other' });
    expect(compare([strange], generation, { ...deployed, workloads })).toHaveLength(1);
  });
});

describe('a deployment with steps after its manifests', () => {
  const object = {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db' },
    spec: { template: { spec: { containers: [{ name: 'main', image: web.reference }] } } },
  };
  const last = { ...generation, id: 'g3', steps: { 'deploy[0]': 'd' } };
  const step = { generation: last, workloads: allExpectedPods([{ source: 'chart', object }], 'other', [api, web]) };
  const whole = withSteps(deployed, [{ generation, workloads: [] }, step]);
  const own = (options: Options) => pod({ owner: { kind: 'StatefulSet', name: 'db' }, namespace: 'other', ...options });

  it('is current if the pods of the steps run what was loaded, too', () => {
    expect(compare([pod(), own({ image: web.reference, imageID: web.digest })], last, whole)).toEqual([]);
  });

  it('is not current if a pod of a step, or of the manifests, runs something else', () => {
    expect(compare([own({ image: web.reference, imageID: 'sha256:other' })], last, whole)).toHaveLength(1);
    expect(compare([own({ image: 'nginx' })], last, whole)).toHaveLength(1);
    expect(compare([pod({ image: 'nginx' })], last, whole)).toHaveLength(1);
  });

  it('is not current if a step was done again with something else', () => {
    expect(compare([pod()], { ...last, id: 'g4' }, whole)).toHaveLength(1);
  });

  it('is the deployment of the manifests if there are no steps', () => {
    expect(withSteps(deployed, [])).toEqual(deployed);
  });
});

describe('the expected pods of an object', () => {
  const template = (...containers: object[]) => ({ template: { spec: { containers } } });

  it('name the containers with configured images', () => {
    const spec = template({ name: 'main', image: api.reference }, { name: 'sidecar', image: 'nginx' });
    const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'api' }, spec };
    expect(expectedPods(object, 'shop', [api, web])).toEqual({
      kind: 'Deployment',
      name: 'api',
      namespace: 'shop',
      containers: ['main'],
    });
  });

  it('are none if it has no such container', () => {
    const spec = template({ name: 'main', image: 'nginx' });
    const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'api' }, spec };
    expect(expectedPods(object, 'shop', [api])).toBeUndefined();
    expect(
      expectedPods({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'api' } }, 'shop', [api]),
    ).toBeUndefined();
  });
});

describe('pods that keep an earlier version', () => {
  const spec = { template: { spec: { containers: [{ name: 'main', image: api.reference }] } } };
  const object = (kind: string, more: object) => ({
    apiVersion: 'apps/v1',
    kind,
    metadata: { name: 'api' },
    spec: { ...spec, ...more },
  });

  it('are those below the partition of a StatefulSet', () => {
    const set = object('StatefulSet', { updateStrategy: { rollingUpdate: { partition: 1 } } });
    const workloads = [expectedPods(set, 'shop', [api])!];
    const of = (name: string): V1Pod => {
      const made = pod({ owner: { kind: 'StatefulSet', name: 'api' }, imageID: 'sha256:old' });
      return { ...made, metadata: { ...made.metadata, name } };
    };
    expect(compare([of('api-0')], generation, { ...deployed, workloads })).toEqual([]);
    expect(compare([of('api-1')], generation, { ...deployed, workloads })).toHaveLength(1);
  });

  it('are those of a paused Deployment', () => {
    expect(expectedPods(object('Deployment', { paused: true }), 'shop', [api])).toBeUndefined();
  });
});
