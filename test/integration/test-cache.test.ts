import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolveConfig } from '../../src/config/resolve.ts';
import type { TestSummary } from '../../src/core/summary.ts';
import { FILE_SYSTEM } from '../../src/machine/fs-clock.ts';
import { openSession } from '../../src/session.ts';
import { runTests } from '../../src/testing/run-tests.ts';
import { TestCache } from '../../src/testing/test-cache.ts';
import { plant, scratchWithVitest } from '../support/scratch.ts';

/** Runs vitest for real, without a cluster. */
let root: string;
beforeEach(() => {
  root = scratchWithVitest('test-cache');
  plant(root, {
    'package.json': '{}',
    'vitest.config.ts': 'export default { test: { env: { CI: "" } } };\n',
    'test/lib/one.ts': 'export const one = 1;\n',
    'test/one/one.test.ts': `import { expect, test } from 'vitest';\nimport { one } from '../lib/one.ts';\ntest('one', () => expect(one).toBe(1));\n`,
    'test/[two]/two.test.ts': `import { expect, test } from 'vitest';\ntest('two', () => expect(2).toBe(2));\n`,
  });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

interface Surroundings {
  image?: string;
  cluster?: string;
  env?: NodeJS.ProcessEnv;
}

async function run({ image = 'sha256:1', cluster = '1', env = {} }: Surroundings = {}): Promise<
  TestSummary & { ran: string[] }
> {
  const raw = { project: 'cached', tests: { cache: { env: ['DECLARED'] } } };
  const { config } = await resolveConfig(raw, join(root, 'harness.config.json'), root);
  const session = openSession({ config, env, emit: () => undefined, signal: new AbortController().signal });
  if (config.tests.runner !== 'vitest') throw new Error('vitest is the default');
  const images = [{ name: 'api', reference: 'api:dev', digest: image }];
  const deployed = { clusterDefinition: cluster, nodes: [], images, services: [], objects: [], steps: [] };
  const cache = await TestCache.open(session, config.tests.cache, deployed);
  const context = {
    kubeconfig: '',
    namespace: 'cached',
    tier: 'test-cached' as const,
    project: 'cached',
    stateDirectory: config.stateDirectory,
    images: {},
    imageFields: [],
    services: {},
  };
  const lines: string[] = [];
  const summary = await runTests({
    config,
    context,
    args: [],
    colour: false,
    keepNamespaces: false,
    env: {},
    onLine: (line) => lines.push(line),
    cache,
  });
  return { ...summary, ran: ['one', 'two'].filter((name) => lines.some((line) => line.includes(`${name}.test.ts (`))) };
}

/**
 * Writes files, and waits until both clocks have moved on: a file that changes as a run starts is not
 * remembered. Files may have finer times than the clock of this process.
 */
function change(files: Record<string, string>): void {
  plant(root, files);
  const readClock = () => FILE_SYSTEM.readClock(join(root, '.harness', 'clock'));
  const written = readClock().fileSystem; // no file has a later time
  for (let clock = readClock(); Math.min(clock.fileSystem, clock.own) <= written;) clock = readClock();
}

describe('a test file that passed', () => {
  it('runs again only if something that it depends on changes', async () => {
    change({});
    expect(await run()).toMatchObject({ passed: 2, failed: 0, unchanged: 0, ran: ['one', 'two'] });
    expect(await run()).toMatchObject({ passed: 0, failed: 0, unchanged: 2, ran: [] });

    change({ 'test/lib/one.ts': 'export const one = 2 - 1;\n' });
    expect(await run()).toMatchObject({ passed: 1, unchanged: 1, ran: ['one'] });
    change({ 'test/lib/one.ts': 'export const one = 1;\n' });
    expect(await run()).toMatchObject({ unchanged: 2 });

    change({ 'test/one/data.json': '{}' });
    expect(await run()).toMatchObject({ ran: ['one'] });
    change({ 'test/lib/one/index.ts': 'export const one = 1;\n' });
    expect(await run()).toMatchObject({ ran: ['one'] });

    expect(await run({ image: 'sha256:2' })).toMatchObject({ ran: ['one', 'two'] });
    expect(await run({ image: 'sha256:2', env: { DECLARED: 'x' } })).toMatchObject({ ran: ['one', 'two'] });
    expect(await run({ cluster: '2' })).toMatchObject({ ran: ['one', 'two'] });
    change({ 'node_modules/.package-lock.json': '{}' });
    expect(await run()).toMatchObject({ ran: ['one', 'two'] });
    change({ 'package.json': '{ "name": "other" }' });
    expect(await run()).toMatchObject({ ran: ['one', 'two'] });
    change({ 'vitest.config.ts': 'export default {};\n' });
    expect(await run()).toMatchObject({ ran: ['one', 'two'] });
    expect(await run()).toMatchObject({ unchanged: 2 });
  });

  it('runs again if a manifest that its fixtures applied changes', async () => {
    const test = `import { test } from 'vitest';\ntest('one', ({ task }) => void Object.assign(task.meta, { harnessFiles: [process.cwd() + '/k8s.yaml'] }));\n`;
    change({ 'k8s.yaml': 'a: 1\n', 'test/one/one.test.ts': test });
    expect(await run()).toMatchObject({ ran: ['one', 'two'] });
    expect(await run()).toMatchObject({ unchanged: 2 });
    change({ 'k8s.yaml': 'a: 2\n' });
    expect(await run()).toMatchObject({ ran: ['one'], unchanged: 1 });
  });

  it('is not remembered if a part of it failed or was skipped', async () => {
    const two = (body: string) =>
      `import { expect, test } from 'vitest';\ntest('passes', () => expect(1).toBe(1));\n${body}\n`;
    change({ 'test/[two]/two.test.ts': two(`test('fails', () => expect(1).toBe(2));`) });
    expect(await run()).toMatchObject({ passed: 2, failed: 1, ran: ['one', 'two'] });
    expect(await run()).toMatchObject({ passed: 1, failed: 1, unchanged: 1, ran: ['two'] });
    change({ 'test/[two]/two.test.ts': two(`test.skip('is left out', () => undefined);`) });
    expect(await run()).toMatchObject({ passed: 1, skipped: 1, unchanged: 1 });
    expect(await run()).toMatchObject({ passed: 1, skipped: 1, unchanged: 1 });
    change({
      'test/[two]/two.test.ts': two(
        `test('is flaky', { retry: 1 }, ({ task }) => expect(task.result?.retryCount).toBe(1));`,
      ),
    });
    expect(await run()).toMatchObject({ passed: 2, failed: 0, unchanged: 1 });
    expect(await run()).toMatchObject({ passed: 2, failed: 0, unchanged: 1 });
  });

  it('is not remembered if it changed while it ran', async () => {
    change({
      'test/one/one.test.ts': `import { appendFileSync } from 'node:fs';\nimport { test } from 'vitest';\ntest('writes', () => appendFileSync(new URL('../lib/one.ts', import.meta.url), '\\n'));\nimport '../lib/one.ts';\n`,
    });
    expect(await run()).toMatchObject({ ran: ['one', 'two'] });
    expect(await run()).toMatchObject({ ran: ['one'], unchanged: 1 });
  });
});

describe('a test file of projects that are defined inline', () => {
  const config = (...projects: string[]) => ({
    'vitest.config.ts': `export default { test: { projects: [${projects.join(', ')}] } };\n`,
  });
  const project = (name: string, include: string, more = '') =>
    `{ extends: false, test: { name: '${name}', root: '.', include: ['${include}'], env: { CI: '' }, ${more} } }`;
  const ONE = 'test/one/*.test.ts';
  const TWO = 'test/?two?/*.test.ts';

  it('runs again if the configuration that defines them changes, or that of another project', async () => {
    change({
      ...config(project('a', ONE), project('b', TWO), "'vitest.other.config.ts'"),
      'vitest.other.config.ts': `export default { test: { name: 'c', include: ['none/*.test.ts'] } };\n`,
    });
    expect(await run()).toMatchObject({ passed: 2, ran: ['one', 'two'] });
    expect(await run()).toMatchObject({ passed: 0, unchanged: 2 });
    change({
      'vitest.other.config.ts': `export default { test: { name: 'c', include: ['none/*.test.ts', '${ONE}'] } };\n`,
    });
    expect(await run()).toMatchObject({ passed: 3, unchanged: 0 });
    change(config(project('a', ONE, `setupFiles: ['./setup.ts']`), project('b', TWO)));
    change({ 'setup.ts': 'export {};\n' });
    expect(await run()).toMatchObject({ passed: 2, unchanged: 0 });
    change({ 'setup.ts': 'export const changed = true;\n' });
    expect(await run()).toMatchObject({ ran: ['one'], unchanged: 1 });
  });

  it('runs again if the global setup of the root changes', async () => {
    const root = `export default { test: { globalSetup: './global.ts', projects: [${project('a', ONE)}] } };\n`;
    change({ 'vitest.config.ts': root, 'global.ts': 'export const setup = () => undefined;\n' });
    expect(await run()).toMatchObject({ ran: ['one'] });
    expect(await run()).toMatchObject({ unchanged: 1 });
    change({ 'global.ts': 'export const setup = () => void 0;\n' });
    expect(await run()).toMatchObject({ ran: ['one'] });
  });

  it('is not remembered if it passed in one of them only', async () => {
    const test = `import { expect, test } from 'vitest';\ntest('one', () => expect(process.env['KIND']).toBe('good'));\n`;
    const [good, bad] = [`env: { KIND: 'good' }`, `env: { KIND: 'bad' }`];
    for (const [first, second] of [
      [good, bad],
      [bad, good],
    ]) {
      change({ 'test/one/one.test.ts': test, ...config(project('a', ONE, first), project('b', ONE, second)) });
      expect(await run()).toMatchObject({ passed: 1, failed: 1 });
      expect(await run()).toMatchObject({ passed: 1, failed: 1, unchanged: 0 });
    }
  });
});

it('nothing is remembered of a run that fails after all tests have passed', async () => {
  change({
    'vitest.config.ts': `export default { test: { globalSetup: './global.ts', env: { CI: '' } } };\n`,
    'global.ts': `export function teardown() {\n  throw new Error('cannot clean up');\n}\n`,
  });
  for (let round = 0; round < 2; round += 1)
    await expect(run()).rejects.toMatchObject({ code: 'TESTS', detail: expect.stringContaining('cannot clean up') });
});
