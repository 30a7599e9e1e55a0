/**
 * Measures what a namespace of its own costs a test: vitest runs empty tests with and without one,
 * in turns. Also measures each API call that it takes. A namespace is usable when a pod is
 * admitted, which needs the default service account. Needs the cluster of the example: `just up`.
 *
 * node bench/namespaces.ts [tests]
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openAccess } from '../src/kubernetes/access.ts';
import { kubeRequest, type KubeObject } from '../src/kubernetes/api.ts';
import { deleteObject } from '../src/kubernetes/delete.ts';
import { CONTEXT_VARIABLE, type HarnessContext } from '../src/testing/context.ts';
import { median, ratio, table } from './support/figures.ts';

const TESTS = Number(process.argv[2] ?? 30);
const ROUNDS = 3;
const REPOSITORY = join(import.meta.dirname, '..');
const STATE = join(REPOSITORY, '.harness');
const PROJECT = 'bench-namespaces';

const context: HarnessContext = {
  kubeconfig: join(STATE, 'kubeconfig'),
  namespace: 'default',
  tier: 'test-fast',
  project: PROJECT,
  stateDirectory: STATE,
  images: {},
  imageFields: [],
  services: {},
};

/** Milliseconds that each test took, as vitest reports them. */
function run(directory: string, file: string): number[] {
  const report = join(directory, 'report.json');
  const argv = [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--config',
    join(directory, 'vitest.config.ts'),
    '--reporter=json',
  ];
  execFileSync(process.execPath, [...argv, `--outputFile=${report}`, file], {
    cwd: REPOSITORY,
    env: { ...process.env, [CONTEXT_VARIABLE]: JSON.stringify(context) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
    testResults: { assertionResults: { duration: number }[] }[];
  };
  // The first test is slower, because it loads modules.
  return testResults.flatMap(({ assertionResults }) => assertionResults.slice(1).map(({ duration }) => duration));
}

function compare(): string[][] {
  const directory = join(STATE, PROJECT);
  mkdirSync(directory, { recursive: true });
  const file = (fixture: string) => `import { test } from 'kind-harness/vitest/fixtures';
for (let n = 0; n <= ${TESTS}; n++) test(\`test \${n}\`, ({ ${fixture} }) => void ${fixture});
`;
  writeFileSync(join(directory, 'without.test.ts'), file('task'));
  writeFileSync(join(directory, 'with.test.ts'), file('namespace'));
  writeFileSync(
    join(directory, 'vitest.config.ts'),
    `export default { test: { root: import.meta.dirname, include: ['*.test.ts'], globalSetup: ['kind-harness/vitest'] } };`,
  );
  try {
    const [timesWithout, timesWith]: [number[], number[]] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      timesWithout.push(...run(directory, 'without'));
      timesWith.push(...run(directory, 'with'));
    }
    const [without, with_] = [median(timesWithout), median(timesWith)];
    return [
      ['an empty test', 'ms', 'ratio'],
      ['without a namespace', without.toFixed(1), ''],
      ['with one', with_.toFixed(1), ratio(with_, without)],
      ['cost of a namespace', (with_ - without).toFixed(1), ''],
    ];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function measureCalls(): Promise<string[][]> {
  const kube = await openAccess(context.kubeconfig);
  const post = (path: string, body: object) =>
    kubeRequest<KubeObject>(kube, 'POST', path, { contentType: 'application/json', body });
  const times: Record<string, number[]> = {};
  const timed = async <T>(call: string, work: () => Promise<T>): Promise<T> => {
    const start = performance.now();
    const value = await work();
    (times[call] ??= []).push(performance.now() - start);
    return value;
  };
  await kubeRequest(kube, 'GET', '/version'); // opens the connection
  for (let n = 0; n < TESTS; n++) {
    const name = `${PROJECT}-${process.pid}-${n}`;
    const path = `/api/v1/namespaces/${name}`;
    const start = performance.now();
    const { metadata } = await timed('create', () =>
      post('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }),
    );
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } };
    await timed('its default service account', () => post(`${path}/serviceaccounts`, account).catch(() => undefined));
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p' },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    };
    await timed('a pod is admitted (dry run)', () => post(`${path}/pods?dryRun=All`, pod));
    (times['all of these, until usable'] ??= []).push(performance.now() - start);
    await timed('delete, without waiting', () => deleteObject(kube, path, String(metadata['uid'])));
  }
  return [['call', 'ms'], ...Object.entries(times).map(([call, all]) => [call, median(all).toFixed(1)])];
}

console.log(`${ROUNDS} rounds of ${TESTS} tests, medians`);
console.log(table(compare()));
console.log(table(await measureCalls()));
