import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import type { HarnessConfig } from '../../src/config/define.ts';
import { LABELS } from '../../src/core/labels.ts';
import { openHarness } from '../../src/harness.ts';
import { refuseUncounted } from '../support/all-counted.ts';
import { docker, removeProjectImages } from '../support/project-images.ts';
import { plant, scratch } from '../support/scratch.ts';

/* What the steps of a build see of the settings for them, and which of these make an image stale. */

const PROJECT = `coretest-steps-${process.pid}`;
const REFERENCE = `${PROJECT}/app:dev`;
const BASE = 'debian:bookworm-slim';

afterAll(() => removeProjectImages(PROJECT));

const DOCKERFILE = `
FROM ${BASE} AS seen
RUN --mount=type=ssh,id=git --mount=type=secret,id=token { \\
      cat /etc/hosts; df --block-size=1 --output=size /dev/shm; ls /sys/class/net; \\
      test -S "$SSH_AUTH_SOCK" && echo agent; cat /run/secrets/token; \\
    } > /seen
FROM scratch
COPY --from=seen /seen /
`;

let root: string;
beforeEach(() => {
  root = scratch();
  plant(root, { Dockerfile: DOCKERFILE, 'harness.config.json': '', '.dockerignore': '*' });
});

type Image = NonNullable<HarnessConfig['images']>[string];

async function open(app: Image) {
  const image = { debianBases: { [BASE]: 'bookworm' }, secrets: { token: { env: 'TOKEN' } }, ...app };
  const config: HarnessConfig = { project: PROJECT, images: { app: image } };
  writeFileSync(join(root, 'harness.config.json'), JSON.stringify(config));
  return openHarness({
    cwd: root,
    emit: (event) => event.type === 'note' && refuseUncounted(event.message),
    env: { ...process.env, XDG_CACHE_HOME: join(root, '..', 'cache'), TOKEN: 'from-the-secret' },
  });
}

async function seen(): Promise<string> {
  const container = await docker('create', REFERENCE, 'none');
  const copy = join(scratch(), 'seen');
  await docker('cp', `${container}:/seen`, copy);
  await docker('rm', container);
  return readFileSync(copy, 'utf8');
}

function writeKey(name: string): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(join(root, '..', name), privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 });
  return `../${name}`;
}

it('steps see the network, hosts, size and agent, beside what the harness adds', async () => {
  const app: Image = {
    network: 'none',
    extraHosts: ['db:10.1.2.3', 'six=[fd00::7]'],
    shmSize: '32m',
    ssh: [`git=${writeKey('one')}`],
    labels: { 'com.example.team': 'shop', tier: 2 },
  };
  const harness = await open(app);
  await harness.build([], { noCache: true, force: true });
  const text = await seen();
  expect(text).toMatch(/^10\.1\.2\.3\s+db$/m);
  expect(text).toMatch(/^fd00::7\s+six$/m);
  expect(text).toMatch(/^127\.0\.0\.1\s+\w+\.rebuild\.kind-harness\.invalid$/m);
  expect(text).toMatch(/^127\.0\.0\.1\s+\w+\.secrets\.kind-harness\.invalid$/m);
  expect(text).toMatch(/^ *33554432$/m);
  expect(text).toMatch(/^lo\nagent\nfrom-the-secret$/m);
  const labels = JSON.parse(await docker('image', 'inspect', '--format', '{{json .Config.Labels}}', REFERENCE));
  expect(labels).toMatchObject({ 'com.example.team': 'shop', tier: '2', [LABELS.project]: PROJECT });

  const moved = await open({ ...app, ssh: [`git=${writeKey('two')}`] });
  expect((await moved.cacheStatus()).images[0]).toMatchObject({ verdict: 'fresh' });
  const other = await open({ ...app, labels: { tier: 3 }, extraHosts: ['db:10.1.2.4'] });
  expect((await other.cacheStatus()).images[0]).toMatchObject({
    verdict: 'stale',
    changed: expect.arrayContaining([
      expect.objectContaining({ path: 'label tier', detail: '2 → 3' }),
      expect.objectContaining({ path: 'extra hosts' }),
    ]),
  });
  await other.build();
  expect(await seen()).toMatch(/^10\.1\.2\.4\s+db$/m);
});

it('steps may use the network of the machine, and need the keys that are named', async () => {
  await (await open({ network: 'host', ssh: [`git=${writeKey('one')}`] })).build();
  expect(await seen()).not.toMatch(/^db/m);
  await expect((await open({ network: 'host', ssh: ['git=none'] })).build([], { force: true })).rejects.toMatchObject({
    code: 'BUILD',
    message: `Image app cannot be built without its SSH keys: git (nothing is at ${join(root, 'none')}).`,
  });
});
