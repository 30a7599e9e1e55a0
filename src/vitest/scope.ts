import { randomBytes } from 'node:crypto';
import { deleteObject } from '../kubernetes/delete.ts';
import { kubeRequest, statusOf, type KubeObject } from '../kubernetes/api.ts';
import type { VitestContext } from '../model/test-run.ts';
import { marksOf, namespaceName } from '../plan/test-namespace.ts';
import { Namespace } from './namespace.ts';
import { openCluster, provided, type Cluster } from './provided.ts';

/** What a scope is told of the test or file it is for. */
export interface ScopeOptions {
  /** The test file. */
  file: string;
  /** The test's full name; the file's for what its tests share. */
  name: string;
  /** Milliseconds that a wait may take now, where it is not told. */
  patience: () => number;
  signal?: AbortSignal;
}

/** What one test, or one file for all its tests, has made in the cluster and here; it ends with it. */
export class Scope {
  readonly context: VitestContext;
  readonly options: ScopeOptions;
  /** Namespaces that were looked at from here; a failed test is explained by them. */
  readonly used = new Set<Namespace>();
  /** Files that were read for it, absolute paths: the result rests on them. */
  readonly files = new Set<string>();
  readonly #made: { path: string; uid: string }[] = [];
  readonly #closers: (() => void)[] = [];
  #own: Promise<Namespace> | undefined;

  constructor(options: ScopeOptions) {
    this.context = provided();
    this.options = options;
  }

  /** The namespace of this scope's own; made when it is first asked for. */
  own(): Promise<Namespace> {
    this.#own ??= this.#create();
    return this.#own;
  }

  /** A namespace that is there already, seen from this scope: its waits end with it. @param uid of one that belongs to the tests */
  async view(name: string, uid?: string): Promise<Namespace> {
    return this.#use(new Namespace(name, await openCluster(), this, uid));
  }

  /** Has this done when the scope ends. */
  onEnd(close: () => void): void {
    this.#closers.push(close);
  }

  /** Has an object deleted when the scope ends. */
  track(path: string, uid: string): void {
    this.#made.push({ path, uid });
  }

  /** Ends all that is open and has all that was made deleted, without waiting until it is gone. */
  async end(): Promise<void> {
    for (const close of this.#closers.splice(0)) close();
    if (this.context.run.keepNamespaces) return;
    for (const { path, uid } of this.#made.splice(0).reverse()) await deleteObject((await openCluster()).kube, path, uid);
  }

  async #create(): Promise<Namespace> {
    const { project, run } = this.context;
    const { file, name } = this.options;
    const cluster = await openCluster();
    const unique = randomBytes(5).toString('hex').slice(0, 8);
    const metadata = { name: namespaceName(name, unique), ...marksOf(project, run, `${file}: ${name}`, new Date()) };
    const path = `/api/v1/namespaces/${metadata.name}`;
    const made = await post(cluster, '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata });
    const uid = String(made.metadata['uid']);
    this.track(path, uid);
    // Kubernetes makes it, too, and no pod is admitted before it is there: whoever comes first.
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } };
    await post(cluster, `${path}/serviceaccounts`, account).catch((error: unknown) => {
      if (statusOf(error) !== 409) throw error;
    });
    return this.#use(new Namespace(metadata.name, cluster, this, uid));
  }

  #use(namespace: Namespace): Namespace {
    this.used.add(namespace);
    return namespace;
  }
}

function post({ kube }: Cluster, path: string, body: object): Promise<KubeObject> {
  return kubeRequest<KubeObject>(kube, 'POST', path, { contentType: 'application/json', body });
}
