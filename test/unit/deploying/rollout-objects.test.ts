import { expect, it } from 'vitest';
import { pathsFor } from '../../../src/deploying/rollout-objects.ts';

const kindsFor = (...workloads: Parameters<typeof pathsFor>[0]) => Object.keys(pathsFor(workloads)).sort();

it('a rollout watches what its kinds of workloads need, in their namespaces', () => {
  const always = ['endpointslices', 'events', 'pods', 'services'];
  const within = (namespace: string, ...more: string[]) => [...more, ...always].map((kind) => `${namespace}/${kind}`);
  expect(kindsFor({ kind: 'Pod', namespace: 'a' })).toEqual(within('a'));
  expect(
    kindsFor(
      { kind: 'Deployment', namespace: 'a' },
      { kind: 'Deployment', namespace: 'a' },
      { kind: 'Job', namespace: 'b' },
    ),
  ).toEqual([...within('a', 'deployments', 'replicasets'), ...within('b', 'jobs')].sort());
});

it('of the events a rollout watches those about pods that could not be created', () => {
  expect(pathsFor([{ kind: 'Pod', namespace: 'a' }])).toMatchObject({
    'a/events': '/api/v1/namespaces/a/events?fieldSelector=reason%3DFailedCreate',
    'a/pods': '/api/v1/namespaces/a/pods',
  });
});
