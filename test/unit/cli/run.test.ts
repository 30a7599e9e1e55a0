import { describe, expect, it } from 'vitest';
import type { Why } from '../../../src/building/why.ts';
import { COMMANDS } from '../../../src/cli/commands.ts';
import { runWork } from '../../../src/cli/run.ts';
import { cacheTable, columns, planLines, statusLines, whyLines } from '../../../src/cli/tables.ts';
import { HarnessError } from '../../../src/core/error.ts';
import { Redactor } from '../../../src/core/redactor.ts';
import type { ImageStatus } from '../../../src/run/cache-status.ts';
import type { TierPlan } from '../../../src/run/dry-run.ts';

type Do = Parameters<typeof runWork>[0]['do'];

async function work(
  body: Do,
  options: { json?: boolean; verbose?: boolean } = {},
  signal = new AbortController().signal,
) {
  const out: string[] = [];
  const err: string[] = [];
  const streams = { out: (line: string) => out.push(line), err: (line: string) => err.push(line), terminal: false };
  const exitCode = await runWork({ name: 'test-cached', do: body }, options, streams, signal, () => ({
    results: { builds: [], loads: [], tests: { passed: 1, failed: 2, skipped: 3 } },
    redactor: new Redactor(),
  }));
  return { exitCode, out, err };
}

const fails =
  (error: Error): Do =>
  () =>
    Promise.reject(error);

describe('the exit code', () => {
  it.each<[string, Do, number]>([
    ['0 on success', () => Promise.resolve({}), 0],
    ['1 when tests failed', () => Promise.resolve({ exitCode: 1 }), 1],
    ['2 for wrong use', fails(new HarnessError('USAGE', 'x')), 2],
    ['2 for a wrong configuration', fails(new HarnessError('CONFIG', 'x')), 2],
    ['3 when the environment failed', fails(new HarnessError('BUILD', 'x')), 3],
    ['3 for a bug', fails(new TypeError('x')), 3],
    ['130 when interrupted', fails(new HarnessError('INTERRUPTED', 'x')), 130],
  ])('is %s', async (_, body, exitCode) => {
    expect((await work(body)).exitCode).toBe(exitCode);
    const { out } = await work(body, { json: true });
    expect(JSON.parse(out.at(-1) as string)).toMatchObject({ type: 'summary', exitCode, ok: exitCode === 0 });
  });

  it('is 130 for any error after a signal', async () => {
    expect((await work(fails(new Error('socket hang up')), {}, AbortSignal.abort())).exitCode).toBe(130);
  });
});

describe('the summary', () => {
  it('is the last line, and also complete after a failure', async () => {
    const { out, err } = await work(
      (emit) => {
        emit({ type: 'note', level: 'info', message: 'hello' });
        return Promise.reject(new HarnessError('DEPLOY', 'what', { next: 'then', detail: 'lines' }));
      },
      { json: true },
    );
    expect(err).toEqual([]);
    expect(out.map((line) => JSON.parse(line) as unknown)).toEqual([
      { type: 'note', level: 'info', message: 'hello' },
      {
        type: 'summary',
        command: 'test-cached',
        ok: false,
        exitCode: 3,
        builds: [],
        loads: [],
        tests: { passed: 1, failed: 2, skipped: 3 },
        ms: expect.any(Number),
        error: { code: 'DEPLOY', message: 'what', next: 'then', detail: 'lines' },
      },
    ]);
  });

  it('has the fields of the command, without the lines for people', async () => {
    const { out } = await work(() => Promise.resolve({ lines: ['for people'], more: { images: [] } }), { json: true });
    expect(out).toHaveLength(1);
    expect(JSON.parse(out[0] as string)).toMatchObject({ ok: true, images: [] });
  });
});

describe('an error for people', () => {
  it('has a message, the detail and the next step, without a stack trace', async () => {
    const { err } = await work(
      fails(new HarnessError('BUILD', 'It does not build.', { detail: 'one\ntwo', next: 'do this\nor that' })),
    );
    expect(err).toEqual(['❌ It does not build. [BUILD]', '   one', '   two', '→  do this', '   or that']);
  });

  it('has a stack trace with --verbose, and reports a bug as such', async () => {
    const { err } = await work(fails(new TypeError('x is not a function')), { verbose: true });
    expect(err[0]).toBe('❌ x is not a function');
    expect(err[1]).toContain('report the output');
    expect(err[2]).toContain('TypeError: x is not a function\n    at');
  });
});

describe('tables', () => {
  it('align their columns', () => {
    expect(
      columns([
        ['a', 'bb', 'c'],
        ['aaa', 'b', 'c'],
      ]),
    ).toEqual(['a    bb  c', 'aaa  b   c']);
  });

  const now = Date.parse('2026-01-02T12:00:00Z');
  const stale: ImageStatus = {
    image: 'api',
    reference: 'shop/api:dev',
    verdict: 'stale',
    action: 'build',
    reason: '1 file changed: src/a (modified)',
    changed: [{ path: 'src/a', kind: 'modified' }],
    newest: { path: 'src/a', modified: '2026-01-02T11:55:00Z' },
    created: '2026-01-01T06:00:00Z',
    size: 126_400_000,
    nodes: { n1: 'present', n2: 'missing' },
  };

  it('show for each image its verdict with the reason, its newest source, its age, and its nodes', () => {
    const buildCache = { bytes: 2e9, inUse: 5e6 };
    expect(cacheTable({ images: [], buildCache }, now)).toEqual(['no images are configured']);
    const missing: ImageStatus = {
      ...stale,
      image: 'web',
      verdict: 'missing',
      action: 'take',
      newest: null,
      created: null,
      size: null,
      nodes: {},
    };
    expect(cacheTable({ images: [stale, missing], buildCache }, now)).toEqual([
      '🔶 api  shop/api:dev  stale: 1 file changed: src/a (modified)',
      '     newest source  src/a, 5 min ago',
      '     image          built 30 h ago, 126.4 MB',
      '     nodes          present in n1, missing in n2',
      '❌ web  shop/api:dev  missing, its cache image will be used: 1 file changed: src/a (modified)',
      '     newest source  none',
      '     image          none',
      '     nodes          none running',
      "BuildKit's cache: 2.0 GB, 5.0 MB of it in use",
    ]);
    const other = { ...missing, image: 'db', reference: 'postgres:17', action: 'pull', reason: 'none here' } as const;
    expect(cacheTable({ images: [other], buildCache: null }, now)).toContain(
      '❌ db  postgres:17  missing, will be pulled: none here',
    );
    const verified = { files: 1_200, wrong: [{ image: 'api', path: 'a' }] };
    expect(cacheTable({ images: [stale], buildCache: null, verified }, now)).toContain(
      '1200 files read: the index was wrong',
    );
    expect(cacheTable({ images: [stale], buildCache: null, verified: { files: 1, wrong: [] } }, now)).toContain(
      '1 file read: the index was right',
    );
    const fresh: ImageStatus = { ...stale, verdict: 'fresh', reason: '2 files, unchanged since the build 11 min ago' };
    expect(cacheTable({ images: [fresh], buildCache }, now)[0]).toBe(
      '✅ api  shop/api:dev  fresh (2 files, unchanged since the build 11 min ago)',
    );
    expect(cacheTable({ images: [{ ...stale, created: null }], buildCache }, now)).toContain(
      '     image          126.4 MB',
    );
  });

  it('show in full why an image will be built, and why it was built last', () => {
    const lastBuild = {
      at: '2026-01-02T09:00:00Z',
      reason: 'there is no such image',
      changes: ['src/b (added)'],
      ms: 1_200,
    };
    const { image, reference, verdict, reason, changed } = stale;
    const one: Why = { image, reference, verdict, action: 'build', reason, changed, newer: 1, lastBuild };
    expect(
      whyLines(
        [
          one,
          {
            ...one,
            verdict: 'fresh',
            action: 'skip',
            reason: '3 files, unchanged since the build',
            changed: [],
            lastBuild: null,
          },
        ],
        now,
      ),
    ).toEqual([
      '🔶 api is stale: 1 file changed: src/a (modified); the next test-cached will build it',
      '     src/a (modified)',
      '   last built here 3 h ago, in 1.2 s: there is no such image',
      '     src/b (added)',
      '✅ api is fresh (3 files, unchanged since the build); it will not be built',
      '   no build on this machine is recorded',
    ]);
  });

  it('show what a tier would do', () => {
    const plan: TierPlan = {
      cluster: { name: 'shop', action: 'use', reason: 'it is running' },
      images: [{ image: 'api', verdict: 'stale', action: 'build', reason: 'why', changed: [] }],
      loads: [{ image: 'api', node: 'n', action: 'transfer', reason: 'the image will change' }],
      objects: 6,
      steps: [{ place: 'deploy[0]', name: 'helm release shop' }],
      removals: [{ object: 'Deployment old', action: 'remove', reason: 'no longer in the manifests' }],
    };
    expect(planLines('test-cached', plan)).toEqual([
      'test-cached would',
      '  use              cluster shop       it is running',
      '  build            image api          why',
      '  load             image api in n     the image will change',
      '  deploy           6 objects',
      '  deploy           helm release shop  deploy[0]',
      '  remove           Deployment old     no longer in the manifests',
      '  run              the tests',
    ]);
    expect(planLines('deploy', plan).at(-1)).toContain('Deployment old');
    const create = { ...plan, cluster: { ...plan.cluster, action: 'create' as const }, loads: [] };
    expect(planLines('test-cached', create).join('\n')).toMatch(/ {2}load +all images +once the cluster exists/);
  });

  it('show the cluster', () => {
    const nodes = [{ name: 'shop-control-plane', role: 'control-plane' as const, running: true }];
    expect(statusLines({ cluster: 'shop', state: 'running', nodes, kubeconfig: '/k' })).toEqual([
      'cluster shop: running',
      '  shop-control-plane  control-plane  running',
      '  kubeconfig /k',
    ]);
  });
});

it('lists every command once', () => {
  const names = COMMANDS.map((command) => command.name);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toEqual(
    expect.arrayContaining([
      'test-kind',
      'test-cached',
      'test-fast',
      'build',
      'build-if-needed',
      'rebuild',
      'build-dev',
      'build-prod',
      'size',
      'load',
      'load-if-needed',
      'cache-status',
      'up',
      'down',
      'stop',
      'status',
      'kubeconfig',
      'clean',
    ]),
  );
});
