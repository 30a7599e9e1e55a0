import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { stringify } from 'yaml';
import type { HarnessConfig } from '../../../src/config/define.ts';
import { LABELS } from '../../../src/core/labels.ts';
import { harness, plainHarness, startHarness, type Ended, type Run, type Running, type Start } from './command.ts';
import { program } from './program.ts';
import { dockerLines } from './tools.ts';

/**
 * A small repository for one test. It has its own directory, namespace and image; the tests of a
 * file share a cluster.
 */
export class Project {
  readonly directory: string;
  readonly namespace: string;
  /** The reference of its image `app`. */
  readonly reference: string;
  readonly kubeconfig: string;
  config: HarnessConfig;
  readonly #start: Start;

  constructor(suite: Suite, name: string, config: HarnessConfig, start: Start) {
    this.directory = join(suite.directory, name);
    this.namespace = name;
    this.reference = `${suite.name}/${name}:dev`;
    this.kubeconfig = join(this.directory, '.harness', suite.name, 'kubeconfig');
    this.#start = start;
    this.config = {
      project: suite.name,
      namespace: name,
      cluster: { nodes: suite.nodes },
      images: { app: { context: 'app', tag: this.reference } },
      manifests: 'manifest.yaml',
      deploy: { maxRestarts: 1 }, // most crashes here are meant to fail
      tests: { command: ['sh', 'check.sh'] },
      ...config,
    };
    this.configure({});
    this.write('app/Dockerfile', 'FROM scratch\nCOPY program /program\nENTRYPOINT ["/program"]\n');
    this.write('app/program', program('first build'));
    this.manifest(deployment('app', { image: 'app' }));
    this.write('check.sh', 'echo "tier $HARNESS_TIER"\n');
  }

  write(path: string, content: string | Buffer): void {
    const full = join(this.directory, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, content, { mode: 0o755 });
  }

  /** Writes the configuration with these keys changed. */
  configure(changes: HarnessConfig): void {
    this.config = { ...this.config, ...changes };
    this.write('harness.config.json', JSON.stringify(this.config, null, 2));
  }

  manifest(...objects: object[]): void {
    this.write('manifest.yaml', objects.map((object) => stringify(object)).join('---\n'));
  }

  run(...args: string[]): Promise<Run> {
    return harness(this.directory, args, this.#start);
  }

  start(...args: string[]): Running {
    return startHarness(this.directory, args, this.#start);
  }

  plain(...args: string[]): Promise<Ended> {
    return plainHarness(this.directory, args, this.#start);
  }

  /** Runs a command that must succeed. @throws Error with its whole output if it fails */
  async must(...args: string[]): Promise<Run> {
    const run = await this.run(...args);
    if (run.exitCode !== 0)
      throw new Error(`harness ${args.join(' ')} ended with ${run.exitCode}:\n${run.stdout}${run.stderr}`);
    return run;
  }
}

/**
 * What the tests of one file share: a unique name for the cluster and images, and a directory for
 * their projects.
 */
export interface Suite {
  name: string;
  nodes: number;
  directory: string;
  project: (name: string, config?: HarnessConfig, start?: Start) => Project;
}

const TAG = '{{.Repository}}:{{.Tag}}';

/**
 * Creates the suite of a file. Everything that its tests create is removed at the end, also if they
 * fail, and the removal is checked.
 */
export function suite(file: string, nodes = 1): Suite {
  const name = `e2e-${process.pid}-${file}`;
  const directory = mkdtempSync(join(tmpdir(), `${name}-`));
  const created: Suite = {
    name,
    nodes,
    directory,
    project: (test, config = {}, start = {}) => new Project(created, test, config, start),
  };
  afterAll(async () => {
    const last = created.project('the-end');
    const named = await dockerLines('images', '--format', TAG, '--filter', `label=${LABELS.project}=${name}`);
    const images = named.filter((tag) => tag.startsWith(`${name}/`));
    last.configure({ images: Object.fromEntries(images.map((tag, i) => [`app-${i}`, { context: 'app', tag }])) });
    const run = await last.run('clean');
    const left = await leftBehind(name);
    // What `clean` left fails the file below, but is removed first.
    if (left.containers.length > 0) await dockerLines('rm', '--force', '--volumes', ...left.containers);
    if (left.images.length > 0) await dockerLines('rmi', '--force', ...left.images);
    rmSync(directory, { recursive: true, force: true });
    expect(run.summary, `${run.stdout}${run.stderr}`).toMatchObject({ command: 'clean', ok: true, exitCode: 0 });
    expect(left, `${run.stdout}${run.stderr}`).toEqual({ containers: [], images: [] });
  });
  return created;
}

/** Containers and images with the labels of a cluster and project of this name. */
export async function leftBehind(name: string): Promise<{ containers: string[]; images: string[] }> {
  return {
    containers: [
      ...(await dockerLines('ps', '--all', '--quiet', '--filter', `label=io.x-k8s.kind.cluster=${name}`)),
      ...(await dockerLines('ps', '--all', '--quiet', '--filter', `label=${LABELS.registry}=${name}`)),
    ],
    images: await dockerLines('images', '--all', '--quiet', '--filter', `label=${LABELS.project}=${name}`),
  };
}

/**
 * The spec of a pod. The program ignores every signal, as process 1 may, so the pod gets no time to
 * end.
 */
export function pod(containers: object[], more: object = {}): object {
  return {
    terminationGracePeriodSeconds: 0,
    containers: containers.map((container, i) => ({ name: `c${i}`, ...container })),
    ...more,
  };
}

export function deployment(name: string, container: object, more: object = {}): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: pod([container]) },
      ...more,
    },
  };
}
