import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import type { KubeAccess } from '../../../src/kubernetes/api.ts';
import { watchUntil } from '../../../src/kubernetes/watch.ts';

/** A server with one object in each collection. A watch shows that it got a label. */
const requests: string[] = [];
let server: Server | undefined;

async function startServer(): Promise<KubeAccess> {
  server = createServer(({ url = '' }, response) => {
    requests.push(url);
    const metadata = { name: 'one', namespace: 'shop' };
    if (!url.includes('watch=true')) {
      response.end(JSON.stringify({ kind: 'PodList', metadata: { resourceVersion: '7' }, items: [{ metadata }] }));
      return;
    }
    response.write(
      `${JSON.stringify({ type: 'MODIFIED', object: { metadata: { ...metadata, labels: { is: 'new' } } } })}\n`,
    );
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    config: {
      getCurrentCluster: () => ({ server: `https://127.0.0.1:${port}` }),
      applyToHTTPSOptions: (options) => {
        Object.assign(options, { createConnection: () => connect(port, '127.0.0.1') });
        return Promise.resolve();
      },
    },
  };
}

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  requests.length = 0;
});

const paths = { pods: '/pods', jobs: '/jobs?a=b' };

it('watches nothing if what is listed is all that was waited for', async () => {
  const value = await watchUntil(await startServer(), { paths, timeout: 60_000 }, ({ pods, jobs }) => ({
    state: 'done',
    value: pods.length + jobs.length,
  }));
  expect(value).toBe(2);
  await new Promise(setImmediate);
  expect(requests.sort()).toEqual(['/jobs?a=b', '/pods']);
});

it('watches each collection from where it was listed, until what is waited for happens', async () => {
  await watchUntil(await startServer(), { paths, timeout: 60_000 }, ({ pods, jobs }) =>
    [...pods, ...jobs].every(({ metadata }) => metadata?.labels?.['is'] === 'new')
      ? { state: 'done', value: undefined }
      : { state: 'pending', detail: 'old' },
  );
  const query = 'watch=true&allowWatchBookmarks=true&resourceVersion=7';
  expect(requests.sort()).toEqual(['/jobs?a=b', `/jobs?a=b&${query}`, '/pods', `/pods?${query}`]);
});
