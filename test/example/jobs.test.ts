import { expect, test } from 'vitest';
import { call, finished, submit } from './support/api.ts';
import { core, namespace } from './support/cluster.ts';
import { until } from './support/until.ts';

// Each of these needs all three services: the api takes the job, Redis keeps it, the worker does it.

test('a job goes through api, redis and worker', async () => {
  const id = await submit('one two three');
  expect(await finished(id)).toMatchObject({ id, text: 'one two three', state: 'done', words: 3 });
});

test('jobs are done in the order in which they came', async () => {
  const ids = [await submit('first'), await submit('second'), await submit('third')];
  const jobs = await Promise.all(ids.map(finished));
  const numbers = jobs.map((job) => job.number);
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  expect(new Set(numbers).size).toBe(3);
});

test('the words that the ConfigMap names do not count', async () => {
  const { data } = await core.readNamespacedConfigMap({ name: 'worker', namespace });
  const stopWords = data?.['STOP_WORDS'] ?? '';
  expect(stopWords).not.toBe('');
  const id = await submit(`${stopWords} harness ${stopWords.toUpperCase()}`);
  expect((await finished(id)).words).toBe(1);
});

test('what is no job is refused and takes no place in the queue', async () => {
  const before = await finished(await submit('before'));
  expect((await call('POST', '/jobs', { words: 'no text' })).status).toBe(400);
  expect((await call('GET', '/jobs/unknown')).status).toBe(404);
  const after = await finished(await submit('after'));
  expect(after.number).toBe(before.number + 1);
});

// The last one: for a moment after it, Kubernetes may still take the api for not ready.
test('results survive a restart of redis, and work goes on after it', async () => {
  const before = await finished(await submit('written before the restart'));

  const pod = { name: 'redis-0', namespace };
  const { metadata } = await core.readNamespacedPod(pod);
  await core.deleteNamespacedPod(pod);
  await until(
    'a new and ready redis-0',
    async () => {
      const { metadata, status } = await core.readNamespacedPod(pod);
      const ready = status?.conditions?.find(({ type }) => type === 'Ready')?.status;
      return { uid: metadata?.uid, phase: status?.phase, ready };
    },
    ({ uid, ready }) => uid !== metadata?.uid && ready === 'True',
    { seconds: 60 },
  );

  expect(await finished(before.id)).toEqual(before);
  // The api is taken out of its Service while it has no Redis, so the first attempts may be refused.
  const id = await until('a job to be accepted', () => submit('written after it'), Boolean);
  expect((await finished(id)).number).toBeGreaterThan(before.number);
});
