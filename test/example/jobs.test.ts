import { expect, test as base } from 'kind-harness/vitest/fixtures';
import { Jobs } from './support/jobs.ts';

/**
 * The api that the harness deployed. It needs Redis, which stores the jobs, and the worker, which
 * does them.
 */
const test = base.extend<{ jobs: Jobs }>({
  jobs: async ({ deployed }, use) => use(new Jobs(await deployed.service('api'))),
});

test('a job goes through api, redis and worker', async ({ jobs }) => {
  const id = await jobs.submit('one two three');
  expect(await jobs.finished(id)).toMatchObject({ id, text: 'one two three', state: 'done', words: 3 });
});

test('jobs are done in the order in which they came', async ({ jobs }) => {
  const ids = [await jobs.submit('first'), await jobs.submit('second'), await jobs.submit('third')];
  const done = await Promise.all(ids.map((id) => jobs.finished(id)));
  const numbers = done.map(({ number }) => number);
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  expect(new Set(numbers).size).toBe(3);
});

test('words listed in the ConfigMap do not count', async ({ jobs, kube, deployed }) => {
  const { data } = await kube.core.readNamespacedConfigMap({ name: 'worker', namespace: deployed.name });
  const stopWords = data?.['STOP_WORDS'] ?? '';
  expect(stopWords).not.toBe('');
  const id = await jobs.submit(`${stopWords} harness ${stopWords.toUpperCase()}`);
  expect((await jobs.finished(id)).words).toBe(1);
});

test('an invalid job is rejected and takes no place in the queue', async ({ jobs }) => {
  const before = await jobs.finished(await jobs.submit('before'));
  expect((await jobs.call('/jobs', { words: 'no text' })).status).toBe(400);
  expect((await jobs.call('/jobs/unknown')).status).toBe(404);
  const after = await jobs.finished(await jobs.submit('after'));
  expect(after.number).toBe(before.number + 1);
});

test('results survive a restart of redis, and jobs are done after it', async ({ jobs, kube, deployed }) => {
  const before = await jobs.finished(await jobs.submit('written before the restart'));

  const { metadata } = await kube.core.deleteNamespacedPod({ name: 'redis-0', namespace: deployed.name });
  await deployed.waitFor('pod/redis-0', (pod) => pod.metadata['uid'] !== metadata?.uid);
  await expect(deployed.ref('statefulset/redis')).toBeReady();
  await expect(deployed.ref('deployment/api')).toBeReady();

  expect(await jobs.finished(before.id)).toEqual(before);
  const id = await jobs.submit('written after it');
  expect((await jobs.finished(id)).number).toBeGreaterThan(before.number);
});
