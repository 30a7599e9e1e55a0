import { expect, test } from 'kind-harness/vitest/fixtures';
import { web } from './web.ts';

test('a service that crashes', async ({ apply }) => {
  await apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'login' },
    stringData: { password: 'correct-horse' },
  });
  const [deployment] = await apply(
    web({
      command: ['sh', '-c', 'echo "connecting as admin:$PASSWORD"; echo no such table: orders; exit 7'],
      env: [{ name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'login', key: 'password' } } }],
    }),
  );
  await expect(deployment).toBeReady();
});

test('an image that is nowhere', async ({ apply, service }) => {
  await apply(web({ image: 'localhost:1/nobody/nothing:1' }));
  await service('web', { deadline: 5_000 });
});

test('a failed expectation, though all is well', async ({ apply, waitFor }) => {
  await apply(web());
  await waitFor('deployment/web', 'ready');
  expect('this').toBe('that');
});
