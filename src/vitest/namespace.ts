import type { KubernetesObject } from '@kubernetes/client-node';
import type { KubeObject } from '../kubernetes/api.ts';
import { readRef, refOf, type ObjectRef } from '../kubernetes/object-ref.ts';
import { applyInto, type Appliable } from './apply.ts';
import { execIn, type ExecOptions, type ExecResult } from './exec.ts';
import { logsOf, type LogOptions } from './logs.ts';
import type { Cluster } from './provided.ts';
import type { Scope } from './scope.ts';
import { forwardService, type ServiceOptions } from './service.ts';
import { waitFor, type Condition, type WaitOptions } from './wait.ts';

/** What names an object for the helpers: `deployment/api`, or an object with apiVersion, kind and name. */
export type What = string | ObjectRef | KubernetesObject;

/**
 * One namespace of the cluster, and what a test does in it. The methods stand alone as well: `const { apply } = namespace`. Where a wait is not
 * told its deadline, it ends a moment before the test's own time-out, so that it can still say what it saw last.
 */
export class Namespace {
  readonly name: string;
  /** @internal */
  readonly cluster: Cluster;
  /** @internal */
  readonly scope: Scope;
  /** @internal Of a namespace that belongs to the tests. */
  readonly uid: string | undefined;
  /** @internal What was applied here. */
  readonly applied: KubeObject[] = [];

  /** Made by the fixtures. */
  constructor(name: string, cluster: Cluster, scope: Scope, uid?: string) {
    this.name = name;
    this.cluster = cluster;
    this.scope = scope;
    this.uid = uid;
  }

  /** Names an object of this namespace, for matchers: `expect(namespace.ref('deployment/api')).toBeReady()`. */
  ref = (what: What): ObjectRef => (typeof what === 'string' ? readRef(what, this.name) : refOf(what));

  /**
   * Applies manifests on the server's side: YAML files (relative to the test's file, or else to vitest's root) or objects. They go into this
   * namespace; what stands in none is removed after the test. An `image:` that names a configured image stands for it, as in `manifests`.
   * @returns the objects as the server has them, in their order
   * @throws Error with file and object when one is refused
   */
  apply = (what: Appliable | readonly Appliable[]): Promise<KubeObject[]> => applyInto(this, what instanceof Array ? what : [what]);

  /**
   * A URL at which this process reaches a Service. Every connection goes to a pod that is ready then, and waits for one while none is: it
   * outlives restarts of pods, though an open connection to one does not.
   */
  service = (name: string, options: ServiceOptions = {}): Promise<string> => forwardService(this, name, options);

  /**
   * Runs a program in a pod: of that name, of that workload (`deployment/api`), or with these labels (`app=api`).
   * @throws Error with what it printed when it does not end with 0; has `exitCode`, `stdout` and `stderr`, too
   */
  exec = (what: What, argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> => execIn(this, what, argv, options);

  /** What the containers of a pod have printed: of that name, of that workload, or with these labels. */
  logs = (what: What, options: LogOptions = {}): Promise<string> => logsOf(this, what, options);

  /**
   * Waits until an object is as wanted: `ready`, `gone`, the type of a condition that is to be true (`Complete`), or a function that says so.
   * @returns the object as it was then
   * @throws Error with its last state; at once when a workload has a pod that waiting will not mend
   */
  waitFor = <T extends KubeObject = KubeObject>(what: What, condition: Condition<T>, options: WaitOptions = {}): Promise<T> =>
    waitFor(this, this.ref(what), condition, options);
}
