import type {
  AppsV1Api,
  BatchV1Api,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  KubernetesObjectApi,
  NetworkingV1Api,
} from '@kubernetes/client-node';
import { expect, test as base, type TestAPI } from 'vitest';
import { relative } from 'node:path';
import { diagnose } from './diagnosis.ts';
import { enterScope } from './matchers.ts';
import type { Namespace } from './namespace.ts';
import { provided } from './provided.ts';
import { Scope } from './scope.ts';

declare module 'vitest' {
  interface TaskMeta {
    /** Files that a test's fixtures have read, absolute paths. */
    harnessFiles?: string[];
  }
}

export type { VitestContext } from '../vitest.ts'; // with what `inject` yields
export type { KubeObject } from '../kubernetes/api.ts';
export type { ObjectRef } from '../kubernetes/object-ref.ts';
export type { Appliable } from './apply.ts';
export type { ExecOptions, ExecResult } from './exec.ts';
export type { LogOptions } from './logs.ts';
export type { ClusterMatchers } from './matchers.ts';
export type { Namespace, What } from './namespace.ts';
export type { ServiceOptions } from './service.ts';
export type { Condition, WaitOptions } from './wait.ts';

/** Typed clients of `@kubernetes/client-node`, bound to this cluster and no other. */
export interface Kube {
  config: KubeConfig;
  core: CoreV1Api;
  apps: AppsV1Api;
  batch: BatchV1Api;
  networking: NetworkingV1Api;
  /** Objects of any kind, one by one. */
  objects: KubernetesObjectApi;
  /** Custom resources. */
  custom: CustomObjectsApi;
}

/** What a test is handed when it asks for it by name; nothing of it is made for a test that does not. */
export interface Fixtures {
  /** Typed clients of `@kubernetes/client-node`, bound to this cluster. */
  kube: Kube;
  /** References of the configured images, by their names. */
  images: Record<string, string>;
  /** Whose own a namespace is: each test's (`'test'`, the default), or all tests' of the file (`'file'`). */
  isolation: 'test' | 'file';
  /** A namespace of this test's own, deleted after it. */
  namespace: Namespace;
  /** The namespace that the file's tests share, also in `test.beforeAll`; deleted after the last. */
  fileNamespace: Namespace;
  /** The namespace that the harness deployed the manifests to. */
  deployed: Namespace;
  /** `namespace.apply` */
  apply: Namespace['apply'];
  /** `namespace.service` */
  service: Namespace['service'];
  /** `namespace.exec` */
  exec: Namespace['exec'];
  /** `namespace.logs` */
  logs: Namespace['logs'];
  /** `namespace.waitFor` */
  waitFor: Namespace['waitFor'];
}

/** What the fixtures themselves are made from. */
interface Scopes {
  fileScope: Scope;
  testScope: Scope;
}

/** Milliseconds kept back from a test's time-out, for what a wait has to say when it ends. */
const LAST_WORDS = 500;
/** Milliseconds that a wait may take in a test without a time-out. */
const ENDLESS = 600_000;
/** Milliseconds that a wait outside of a test may take: less than vitest gives a hook. */
const HOOK_PATIENCE = 9_000;

/** Vitest's `test`, with the cluster at hand. */
export const test: TestAPI<Fixtures> = base.extend<Fixtures & Scopes>({
  kube: [async ({}, use) => use(await connect()), { scope: 'worker' }],
  images: [async ({}, use) => use(provided().images), { scope: 'worker' }],
  isolation: 'test',
  fileScope: [
    async ({}, use) => {
      const file = expect.getState().testPath ?? '';
      const scope = new Scope({ file, name: relative(process.cwd(), file), patience: () => HOOK_PATIENCE });
      await use(scope);
      await scope.end();
    },
    { scope: 'file' },
  ],
  fileNamespace: [async ({ fileScope }, use) => use(await fileScope.own()), { scope: 'file' }],
  testScope: async ({ task, signal, fileScope }, use) => {
    const timeout = Number.isFinite(task.timeout) && task.timeout > 0 ? task.timeout : ENDLESS; // 0: none
    const end = Date.now() + timeout - LAST_WORDS;
    const patience = () => Math.max(end - Date.now(), LAST_WORDS);
    const scope = new Scope({ file: fileScope.options.file, name: task.fullTestName, patience, signal });
    enterScope(task, scope);
    await use(scope);
    for (const namespace of fileScope.used) scope.used.add(namespace);
    task.meta.harnessFiles = [...fileScope.files, ...scope.files];
    const error = task.fails ? undefined : task.result?.errors?.at(-1);
    if (task.result?.state === 'fail' && error && scope.used.size > 0) error.message += `\n\n${await diagnose(scope)}\n`;
    await scope.end();
  },
  namespace: async ({ testScope, fileScope, isolation }, use) => {
    const shared = isolation === 'file' ? await fileScope.own() : undefined;
    await use(await (shared ? testScope.view(shared.name, shared.uid) : testScope.own()));
  },
  deployed: async ({ testScope }, use) => use(await testScope.view(testScope.context.namespace)),
  apply: async ({ namespace }, use) => use(namespace.apply),
  service: async ({ namespace }, use) => use(namespace.service),
  exec: async ({ namespace }, use) => use(namespace.exec),
  logs: async ({ namespace }, use) => use(namespace.logs),
  waitFor: async ({ namespace }, use) => use(namespace.waitFor),
});

export { expect };

/** The library is loaded here, because that takes half a second. */
async function connect(): Promise<Kube> {
  const k8s = await import('@kubernetes/client-node');
  const config = new k8s.KubeConfig();
  config.loadFromFile(provided().kubeconfig);
  return {
    config,
    core: config.makeApiClient(k8s.CoreV1Api),
    apps: config.makeApiClient(k8s.AppsV1Api),
    batch: config.makeApiClient(k8s.BatchV1Api),
    networking: config.makeApiClient(k8s.NetworkingV1Api),
    objects: k8s.KubernetesObjectApi.makeApiClient(config),
    custom: config.makeApiClient(k8s.CustomObjectsApi),
  };
}
