import { setTimeout as sleep } from 'node:timers/promises';
import { HarnessError, messageOf } from '../core/error.ts';
import { seconds } from '../core/words.ts';
import { statusOf, type KubeAccess, type KubeObject } from '../kubernetes/api.ts';
import { groupOf, isKind } from '../kubernetes/kinds.ts';
import type { ManifestObject } from '../kubernetes/manifest.ts';
import type { KubeResources } from '../kubernetes/resources.ts';
import { WatchTimeout } from '../kubernetes/watch.ts';
import { applyObject, refusalOf } from './apply-object.ts';
import { applyPersistently, type Attempt } from './apply-persistently.ts';
import { atMost } from './at-most.ts';
import { decideStages, groupsBroughtBy, isDefinition, serversOf } from './decide-stages.ts';
import { whyItPasses } from './judge-refusal.ts';
import type { Memory } from './memory.ts';
import { inOrder } from './order.ts';
import {
  waitForServer,
  waitForServiceAccount,
  waitUntilEstablished,
  waitUntilServed,
  waitWhileTerminating,
} from './usable.ts';

/** Objects to apply, and what is told meanwhile. */
export interface Application {
  kube: KubeAccess;
  resources: KubeResources;
  /** With everything filled in. */
  objects: readonly ManifestObject[];
  /** For objects that name no namespace. It must exist. */
  namespace: string;
  /** Milliseconds since the epoch until which refusals that pass by themselves are tried again. */
  deadline: number;
  /** Whether the user has agreed to the loss of what is in an object that must be recreated. */
  recreateImmutable?: boolean | undefined;
  /** What was applied before. */
  memory?: Memory | undefined;
  /**
   * Called when workloads are applied and other objects wait, for their server or because they were
   * refused. Rejects if a workload fails, which then ends the application.
   */
  watchWorkloads?: ((signal: AbortSignal) => Promise<never>) | undefined;
  progress: (detail: string) => void;
  note: (message: string) => void;
  signal?: AbortSignal | undefined;
}

/** Requests at the same time. More do not make the server faster. */
const CONCURRENCY = 12;

/**
 * Milliseconds that a webhook configuration waits for its server. Some servers wait for their
 * configuration themselves.
 */
const SERVER_PATIENCE = 60_000;

/** Milliseconds that the API server takes to know a new webhook configuration. */
const GATE_DELAY = 1_000;

/**
 * Applies objects in stages, each when what it depends on can be used. Objects of a stage are
 * applied side by side. One that is refused for a reason that passes by itself is tried again while
 * the others go on.
 * @throws HarnessError DEPLOY with the object's source and the server's words
 */
export async function applyObjects(application: Application): Promise<void> {
  const { objects, watchWorkloads } = application;
  const known = await knownGates(application);
  const stages = decideStages(
    inOrder(objects),
    ({ object }) => object,
    (gate) => known.has(gate),
  );
  const ending = new AbortController();
  const signal = application.signal ? AbortSignal.any([application.signal, ending.signal]) : ending.signal;
  const attempt = attempts({ ...application, signal }, known);
  const all: Attempt[] = [];
  const begin = async (items: readonly ManifestObject[]) => {
    const started = items.map(attempt);
    all.push(...started);
    await Promise.all(started.map(({ tried }) => tried));
  };
  const allDone = () => Promise.all(all.map(({ done }) => done));
  try {
    await begin(stages.foundations);
    await allDone();
    await begin(stages.settings);
    await begin(stages.workloads);
    const isComplete = stages.gates.length + stages.gated.length === 0 && all.every(({ isDone }) => isDone());
    if (isComplete) return;
    const failure = watchWorkloads?.(signal);
    failure?.catch(() => undefined); // it ends with the rest
    const rest = async () => {
      await begin(stages.gates);
      const isNew = stages.gates.some(({ object }) => !known.has(object));
      if (stages.gated.length > 0 && isNew) await sleep(GATE_DELAY, undefined, { signal });
      await begin(stages.gated);
      await allDone();
    };
    await Promise.race([rest(), ...(failure ? [failure] : [])]);
  } finally {
    ending.abort();
  }
}

/** The webhook configurations and APIServices that are in the cluster already. */
async function knownGates({ objects, memory }: Application): Promise<Set<KubeObject>> {
  const gates = objects.map(({ object }) => object).filter((object) => serversOf(object).length > 0);
  const exist = await Promise.all(gates.map(async (gate) => (await memory?.exists(gate)) ?? false));
  return new Set(gates.filter((_, index) => exist[index]));
}

/** How each object is applied. */
function attempts(
  application: Application & { signal: AbortSignal },
  known: ReadonlySet<KubeObject>,
): (item: ManifestObject) => Attempt {
  const { kube, resources, namespace, deadline, memory, progress, note, signal } = application;
  const objects = application.objects.map(({ object }) => object);
  const brought = groupsBroughtBy(objects);
  const slot = atMost(CONCURRENCY);
  const hasOwnServer = (object: KubeObject) =>
    serversOf(object).filter((server) => objects.some((each) => isServer(each, server, namespace)));

  return ({ source, object }) => {
    const words = `${object.kind} ${object.metadata.name}`;
    let isNoted = false;
    const once = async () => {
      if (await memory?.stands(object)) return;
      progress(`applying ${words}`);
      const options = { ...application, metadataOnly: true };
      const { metadata } = await slot(() => applyObject(kube, resources, object, namespace, options));
      await memory?.applied(object, metadata);
      if (isKind(object, '', 'Namespace')) await waitForServiceAccount(kube, object.metadata.name, signal);
      if (!isDefinition(object)) return;
      await waitUntilEstablished(kube, object.metadata.name, signal);
      await waitUntilServed(resources, object, deadline, signal);
    };
    const expected = { kind: brought.has(object.apiVersion.split('/')[0] ?? '') };
    const onRefused = (why: string, message: string) => {
      progress(`trying again to apply ${words}: ${message}`);
      if (!isNoted) note(`trying again to apply ${words}: ${why}`);
      isNoted = true;
    };
    const ready = async () => {
      if (isKind(object, '', 'Namespace'))
        await waitWhileTerminating(kube, object.metadata.name, deadline, progress, signal);
      if (!known.has(object)) await awaitServers(application, words, hasOwnServer(object));
    };
    let isReady = false;
    const work = async () => {
      if (!isReady) await ready();
      isReady = true;
      await once();
    };
    const attempt = applyPersistently(work, { expected, deadline, onRefused, signal });
    const explain = async (error: unknown) => {
      const served = statusOf(error) === 404 && !expected.kind ? await servedVersions(resources, object) : undefined;
      throw failure(error, words, source, { isOwnKind: expected.kind, served });
    };
    const [tried, done] = [attempt.tried.catch(explain), attempt.done.catch(explain)];
    done.catch(() => undefined);
    return { tried, done, isDone: attempt.isDone };
  };
}

function isServer(object: KubeObject, server: { namespace: string; name: string }, namespace: string): boolean {
  const own = object.metadata.namespace ?? namespace;
  return isKind(object, '', 'Service') && object.metadata.name === server.name && own === server.namespace;
}

/** Waits for the servers behind a webhook configuration, but not for ever. */
async function awaitServers(
  { kube, deadline, progress, note, signal }: Application & { signal: AbortSignal },
  words: string,
  servers: ReturnType<typeof serversOf>,
): Promise<void> {
  const patience = Math.min(SERVER_PATIENCE, deadline - Date.now());
  try {
    if (servers.length > 0) progress(`waiting for the server of ${words}`);
    await Promise.all(servers.map((server) => waitForServer(kube, server, patience, signal)));
  } catch (error) {
    if (!(error instanceof WatchTimeout)) throw error;
    note(`applying ${words} although its server is not ready after ${seconds(patience)}: the server may wait for it`);
  }
}

/** In which versions the server has an object's kind; undefined if it does not say. */
async function servedVersions(
  resources: KubeResources,
  { apiVersion, kind }: KubeObject,
): Promise<string[] | undefined> {
  const found = await resources.versionsWith(groupOf(apiVersion), kind).catch(() => undefined);
  return found?.includes(apiVersion) ? undefined : found;
}

function failure(
  error: unknown,
  words: string,
  source: string,
  { isOwnKind, served }: { isOwnKind: boolean; served: string[] | undefined },
): unknown {
  const isEnding = error instanceof Error && error.name === 'AbortError';
  if (isEnding || (error instanceof HarnessError && error.code === 'INTERRUPTED')) return error;
  if (error instanceof HarnessError)
    return new HarnessError(error.code, `${source}: ${error.message}`, { ...pick(error), cause: error });
  const why = whyItPasses(refusalOf(error), { kind: isOwnKind });
  return new HarnessError('DEPLOY', `Could not apply ${words} (${source}): ${messageOf(error)}.`, {
    next:
      served?.[0] === undefined
        ? adviceFor(why)
        : `This server has the kind in \`${served.join('`, `')}\`: use that version, with its fields.`,
    cause: error,
  });
}

function pick({ next, detail }: HarnessError): { next: string | undefined; detail: string | undefined } {
  return { next, detail };
}

function adviceFor(why: string | undefined): string {
  if (why === undefined) return 'Correct the manifest and try again.';
  if (why === 'a webhook does not respond')
    return 'It was tried again until the timeout. If nothing answers for this webhook any more, delete its configuration: `kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations` lists them.';
  return `It was tried again until the timeout, because ${why}. Inspect the cluster, or raise \`timeouts.deploy\`.`;
}
