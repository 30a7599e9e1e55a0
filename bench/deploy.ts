/**
 * Measures how long it takes to deploy 5, 50 and 300 objects: with `harness deploy`, with
 * `kubectl apply`, the same on the server's side, and with `helm upgrade --install`. For the first
 * time, into an empty namespace, and again while nothing changed. Each time is that of a whole
 * command, from its start to its end.
 *
 * The objects are those that repositories have most of: ConfigMaps, Secrets, Services, accounts and
 * roles, and a Deployment in every 25. These have no replicas: only the harness waits for pods, and
 * their start would be most of the time.
 *
 * Also measures the memory that 300 ConfigMaps of 100 kB take, on Linux. Helm cannot install these:
 * a release must fit into a Secret.
 *
 * Creates a cluster and deletes it. Needs the built command (`npm run build`). kubectl is that of
 * the node, Helm the one on the PATH or of `harness setup`; without one, its column is empty. Prints
 * medians and ratios of one run; the contenders take turns, because the speed of a machine varies.
 *
 * node bench/deploy.ts [rounds] [objects,…]
 */
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { findHelm } from '../src/helm/find-helm.ts';
import { HARNESS } from '../test/e2e/support/command.ts';
import { median, ratio, table } from './support/figures.ts';

const ROUNDS = Number(process.argv[2] ?? 5);
const COUNTS = (process.argv[3] ?? '5,50,300').split(',').map(Number);
const NAME = `bench-deploy-${process.pid}`;
const MANY = 300;
const LARGE_BYTES = 100_000;
/** Milliseconds between two looks at a program's memory. */
const LOOK_MS = 20;

const root = mkdtempSync(join(tmpdir(), `${NAME}-`));
// What kubectl and Helm remember of clusters.
const env = { ...process.env, KUBECACHEDIR: join(root, 'kube'), HELM_CACHE_HOME: join(root, 'helm') };
const helm = findHelm(process.env);
const kubectl = join(root, 'kubectl');
let kubeconfig = '';

const run = (argv: readonly string[]) => {
  const [program = '', ...args] = argv;
  return execFileSync(program, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
};

// What is deployed.

function object(index: number): object {
  const name = `part-${index}`;
  const rule = { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list'] };
  const port = { name: 'http', port: 80, targetPort: 8080 };
  // Without a probe, the harness would watch for some seconds whether the pods stay up.
  const readinessProbe = { tcpSocket: { port: 8080 } };
  const spec = { containers: [{ name: 'main', image: 'example/part:1', readinessProbe }] };
  const kinds: object[] = [
    { apiVersion: 'v1', kind: 'Secret', stringData: { user: name, password: `password of ${name}` } },
    { apiVersion: 'v1', kind: 'Service', spec: { selector: { app: name }, ports: [port] } },
    { apiVersion: 'v1', kind: 'ServiceAccount' },
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', rules: [rule] },
    { apiVersion: 'v1', kind: 'ConfigMap', data: { 'settings.yaml': `name: ${name}\n`.repeat(20) } },
  ];
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec },
    },
  };
  const chosen = index % 25 === 0 ? deployment : (kinds[Math.min(index % 10, kinds.length - 1)] ?? {});
  return { ...chosen, metadata: { name, labels: { app: name } } };
}

function largeObject(index: number): object {
  const data = { content: randomBytes((LARGE_BYTES * 3) / 4).toString('base64') };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `large-${index}` }, data };
}

/** Writes objects as a chart, ten in a file; the files are also the manifests. */
function writeObjects(directory: string, objects: readonly object[]): void {
  const templates = join(root, directory, 'templates');
  mkdirSync(templates, { recursive: true });
  writeFileSync(join(root, directory, 'Chart.yaml'), `apiVersion: v2\nname: ${directory}\nversion: 1.0.0\n`);
  for (let at = 0; at < objects.length; at += 10)
    writeFileSync(
      join(templates, `${at}.yaml`),
      objects
        .slice(at, at + 10)
        .map((each) => stringify(each))
        .join('---\n'),
    );
}

// Who deploys it.

/** A command that deploys a directory to a namespace. */
type Contender = (directory: string, namespace: string) => string[];

const contenders: Record<string, Contender> = {
  harness: (directory, namespace) => {
    configure(namespace, [`${directory}/templates`]);
    return [...HARNESS, 'deploy'];
  },
  kubectl: (directory, namespace) => [...kubectlIn(namespace), 'apply', '-f', `${directory}/templates`],
  'server-side': (directory, namespace) => [
    ...kubectlIn(namespace),
    'apply',
    '--server-side',
    '-f',
    `${directory}/templates`,
  ],
  ...(helm === undefined
    ? {}
    : {
        helm: (directory, namespace) => [
          helm,
          `--kubeconfig=${kubeconfig}`,
          `--namespace=${namespace}`,
          'upgrade',
          '--install',
          'parts',
          directory,
        ],
      }),
};

function kubectlIn(namespace: string): string[] {
  return [kubectl, `--kubeconfig=${kubeconfig}`, `--namespace=${namespace}`];
}

function configure(namespace: string, manifests: string[]): void {
  const config = { project: NAME, namespace, images: {}, manifests, tests: { command: ['true'] } };
  writeFileSync(join(root, 'harness.config.json'), JSON.stringify(config));
}

function harness(command: string): string {
  configure('default', []);
  return run([...HARNESS, command]);
}

// Measuring.

/** How long a command took, in seconds, and the most memory that it had, in bytes; 0 if not known. */
interface Outcome {
  seconds: number;
  bytes: number;
}

function timed([program = '', ...args]: string[]): Promise<Outcome> {
  const start = performance.now();
  const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'ignore', 'pipe'] });
  let bytes = 0;
  let errors = '';
  const look = setInterval(() => (bytes = Math.max(bytes, peakOf(child.pid))), LOOK_MS);
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('close', (exitCode) => {
      clearInterval(look);
      if (exitCode === 0) resolve({ seconds: (performance.now() - start) / 1000, bytes });
      else reject(new Error(`${[program, ...args].join(' ')} ended with ${exitCode}:\n${errors}`));
    });
  });
}

/** The most memory that a process had so far, in bytes. */
function peakOf(pid: number | undefined): number {
  try {
    return 1024 * Number(/^VmHWM:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0; // it has just ended, or this is not Linux
  }
}

const figures = new Map<string, Outcome[]>();
const figuresOf = (scenario: string, contender: string) => figures.get(`${scenario}/${contender}`) ?? [];
let namespaces = 0;

/** Lets each contender deploy a directory to a new namespace, and again. */
async function measure(directory: string, title: string, names: readonly string[], round: number): Promise<void> {
  for (let turn = 0; turn < names.length; turn++) {
    const name = names[(turn + round + names.length) % names.length] ?? '';
    const namespace = `${NAME}-${namespaces++}`;
    run([kubectl, `--kubeconfig=${kubeconfig}`, 'create', 'namespace', namespace]);
    const argv = contenders[name]?.(directory, namespace) ?? [];
    for (const scenario of [`first apply of ${title}`, `unchanged ${title}`]) {
      const outcome = await timed(argv);
      if (round >= 0) figures.set(`${scenario}/${name}`, [...figuresOf(scenario, name), outcome]);
    }
    // Waits, so that the deletion does not slow down the next one.
    run([kubectl, `--kubeconfig=${kubeconfig}`, 'delete', 'namespace', namespace]);
  }
}

/** One row for each scenario: the value of each contender, and its ratio to that of the harness. */
function report(
  scenarios: readonly string[],
  unit: string,
  valueOf: (outcome: Outcome) => number,
  digits: number,
): string {
  const names = Object.keys(contenders);
  const others = names.slice(1);
  const head = ['', ...names.map((name) => `${name} (${unit})`), ...others.map((name) => `${name}/harness`)];
  const rows = scenarios.map((scenario) => {
    const value = (name: string) => median(figuresOf(scenario, name).map(valueOf));
    const shown = (name: string, text: string) => (figuresOf(scenario, name).length === 0 ? '' : text);
    return [
      scenario,
      ...names.map((name) => shown(name, value(name).toFixed(digits))),
      ...others.map((name) => shown(name, ratio(value(name), value('harness')))),
    ];
  });
  return table([head, ...rows]);
}

try {
  harness('up');
  kubeconfig = harness('kubeconfig').trim();
  run(['docker', 'cp', '--follow-link', `${NAME}-control-plane:/usr/bin/kubectl`, kubectl]);
  for (const count of COUNTS)
    writeObjects(
      `chart-${count}`,
      Array.from({ length: count }, (_, at) => object(at + 1)),
    );
  writeObjects(
    'large',
    Array.from({ length: MANY }, (_, at) => largeObject(at)),
  );
  const names = Object.keys(contenders);
  await measure(`chart-${COUNTS[0]}`, '', names, -1); // fills caches
  for (let round = 0; round < ROUNDS; round++) {
    for (const count of COUNTS) await measure(`chart-${count}`, `${count} objects`, names, round);
    await measure(
      'large',
      `${MANY} of ${LARGE_BYTES / 1000} kB`,
      names.filter((name) => name !== 'helm'),
      round,
    );
  }
  const scenarios = [...new Set([...figures.keys()].map((key) => key.split('/')[0] ?? ''))];
  console.log(`${ROUNDS} rounds, medians`);
  console.log(report(scenarios, 's', ({ seconds }) => seconds, 2));
  console.log(`\nmost memory, of the same runs`);
  console.log(report(scenarios, 'MB', ({ bytes }) => bytes / 1e6, 0));
} finally {
  harness('clean');
  rmSync(root, { recursive: true, force: true });
}
