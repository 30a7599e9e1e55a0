import { randomUUID } from 'node:crypto';
import { waitForTests } from '../claims/wait-for-tests.ts';
import type { RunningCluster } from '../cluster/bring-up.ts';
import { stepName, type DeployStep } from '../config/deploy-step.ts';
import { HarnessError } from '../core/error.ts';
import { digestOfJson } from '../core/digest.ts';
import { step as reportStep } from '../core/step.ts';
import { count } from '../core/words.ts';
import { deploy } from '../deploying/deploy.ts';
import { beginStep, type Generation } from '../deploying/generation.ts';
import { allExpectedPods, type ExpectedPods } from '../deploying/judge-current.ts';
import { rolloutOf } from '../deploying/rollout-of.ts';
import { sharedDeployment } from '../deploying/shared-deployment.ts';
import { waitForRollout } from '../deploying/wait-for-rollout.ts';
import { openAccess } from '../kubernetes/access.ts';
import type { ManifestObject } from '../kubernetes/manifest.ts';
import { secretsAmong, secretValues } from '../kubernetes/redact.ts';
import { KubeResources } from '../kubernetes/resources.ts';
import type { DeployedImage, NamedImage } from '../loading/loaded-image.ts';
import type { Session } from '../session.ts';
import { decideStep } from './decide-step.ts';
import { installRelease } from '../helm/install-release.ts';
import { newestRelease } from '../helm/release-record.ts';
import { copyKubectl } from './kubectl-from-node.ts';
import { readOutput } from './read-output.ts';
import { renderStep } from './render-step.ts';
import { digestsNow, type AppliedObject } from './standing.ts';
import type { StepContext } from './step-context.ts';
import { stepInputs } from './step-inputs.ts';
import { readRecord, writeRecord, type StepRecord } from './step-record.ts';

/** A step that was done, or did not have to be. */
export interface DeployedStep {
  /** Where it is in the configuration. */
  place: string;
  /** For objects that name no namespace. */
  namespace: string;
  /** The same as long as the same was deployed. */
  digest: string;
  /** The pods that run configured images because of it. */
  workloads: readonly ExpectedPods[];
  /** What is deployed after this step. */
  generation: Generation;
  /** Its objects. Those of a step that did not have to be done are only named, except Services. */
  objects: ManifestObject[];
}

/** What the steps are done in. */
export interface StepSurroundings {
  /** What was deployed before. */
  generation: Generation;
  cluster: Pick<RunningCluster, 'kubeconfig' | 'startedAt' | 'nodes'>;
  images: readonly DeployedImage[];
}

/**
 * Does the steps of the configuration in order, each when everything in the one before is ready. A
 * step whose inputs did not change and whose objects stand as they were applied is not done again.
 * @throws HarnessError with the step's place; what earlier steps applied stays
 */
export async function deploySteps(session: Session, given: StepSurroundings): Promise<DeployedStep[]> {
  const { config, emit } = session;
  const { steps } = config.deploy;
  if (steps.length === 0) return [];
  const context = await openContext(session, given);
  const done: DeployedStep[] = [];
  for (const [index, step] of steps.entries()) {
    const deployed = reportStep(emit, `deploy:${index}`, `deploying ${stepName(step)}`, async ({ progress }) => {
      const generation = done.at(-1)?.generation ?? given.generation;
      const surroundings = { ...given, generation };
      const { value, skipped } = await deployStep(step, { ...context, progress }, session, surroundings);
      const title = `deployed ${stepName(step)}: ${count(value.objects.length, 'object')}, all running`;
      return { title: skipped ? `${stepName(step)} is unchanged` : title, skipped, value };
    });
    done.push(await deployed.catch((error: unknown) => rethrow(error, step, steps.slice(0, index), emit)));
  }
  return done;
}

/** What every step is given, without what belongs to a single one. */
export async function openContext(
  { config, env, signal, engine, emit }: Session,
  { cluster, images }: { cluster: Pick<RunningCluster, 'kubeconfig' | 'nodes'>; images: readonly NamedImage[] },
): Promise<StepContext> {
  const kube = await openAccess(cluster.kubeconfig);
  const node = cluster.nodes.find(({ running }) => running);
  return {
    root: config.root,
    stateDirectory: config.stateDirectory,
    env,
    signal,
    kubeconfig: cluster.kubeconfig,
    kube,
    resources: new KubeResources(kube),
    images,
    imageFields: config.deploy.imageFields,
    kubectlFromNode: async () => node && copyKubectl(engine, node, env),
    progress: () => undefined,
    note: (level, message) => emit({ type: 'note', level, message }),
  };
}

async function deployStep(
  step: DeployStep,
  context: StepContext,
  session: Session,
  { cluster: { startedAt }, images, generation: before }: StepSurroundings,
): Promise<{ value: DeployedStep; skipped: boolean }> {
  const { config, signal } = session;
  const { kube, resources, kubeconfig, progress } = context;
  const { place, namespace, timeout } = step;
  const inputs = await stepInputs(step, context);
  const last = inputs === undefined ? undefined : readRecord(config, step);
  const now = last && last.inputs === inputs ? await digestsNow(kube, resources, last.applied) : [];
  const shared = await sharedDeployment(session, kubeconfig);
  const { maxRestarts, note } = shared;
  const wait = { startedAt, timeout, maxRestarts, note, progress, signal };
  const loaded = { references: images.map(({ reference }) => reference), at: Date.now() };
  if (decideStep({ inputs, last, now }).action === 'skip' && last) {
    shared.run.keep(objectsOf(last), namespace);
    const { workloads } = rolloutOf(objectsOf(last), namespace);
    await waitForRollout(kube, workloads, { ...wait, loaded, unprobed: last.unprobed });
    const value = { place, namespace, digest: last.inputs, objects: last.objects, workloads: last.workloads };
    return { value: { ...value, generation: before }, skipped: true };
  }
  // Tests of others may use its objects; what they use of the steps is not recorded.
  await waitForTests(session, kubeconfig, { what: 'deployment', namespace: config.namespace, content: '' });
  writeRecord(config, step, undefined);
  const extra: Omit<AppliedObject, 'digest'>[] = [];
  const begin = (digest: string) => beginStep(kube, config.namespace, before, { place, digest });
  let objects: ManifestObject[];
  let applied: ManifestObject[];
  let generation: Generation;
  if (step.kind === 'helm') {
    generation = await begin(inputs ?? randomUUID()); // only Helm knows what will be in it
    const release = await installRelease(step, context).catch(async (error: unknown) => {
      // Its hooks may have printed what is in its Secrets.
      const failed = await newestRelease(kube, namespace, step.release).catch(() => undefined);
      if (failed) learnSecrets(session, readOutput(failed.manifest, 'failed release'));
      throw error;
    });
    objects = readOutput(release.manifest, `helm release ${step.release}`);
    applied = objects;
    learnSecrets(session, objects);
    extra.push({ apiVersion: 'v1', kind: 'Secret', name: release.secret, namespace });
    const { workloads, unprobed } = rolloutOf(
      objects.map(({ object }) => object),
      namespace,
    );
    await waitForRollout(kube, workloads, { ...wait, loaded, unprobed });
  } else {
    objects = await renderStep(step, context);
    learnSecrets(session, objects);
    generation = await begin(inputs ?? digestOfObjects(objects));
    applied = await deploy({
      kubeconfig,
      namespace,
      objects,
      images: [...images],
      imageFields: config.deploy.imageFields,
      shared,
      ...wait,
    });
  }
  const digest = inputs ?? digestOfObjects(objects);
  const workloads = allExpectedPods(applied, namespace, images);
  if (inputs !== undefined) await remember(step, context, session, { inputs, objects, workloads, extra });
  return { value: { place, namespace, digest, objects, workloads, generation }, skipped: false };
}

function digestOfObjects(objects: readonly ManifestObject[]): string {
  return digestOfJson(objects.map(({ object }) => object));
}

function learnSecrets({ redactor }: Session, objects: readonly ManifestObject[]): void {
  secretValues(secretsAmong(objects.map(({ object }) => object))).forEach((value) => redactor.learn(value));
}

function objectsOf({ objects }: StepRecord) {
  return objects.map(({ object }) => object);
}

async function remember(
  step: DeployStep,
  { kube, resources }: StepContext,
  { config }: Session,
  done: Pick<StepRecord, 'inputs' | 'workloads'> & {
    objects: ManifestObject[];
    extra: Omit<AppliedObject, 'digest'>[];
  },
): Promise<void> {
  const identities = await Promise.all(
    done.objects.map(async ({ object: { apiVersion, kind, metadata } }) => {
      const { namespaced } = await resources.find(apiVersion, kind);
      const namespace = metadata.namespace ?? step.namespace;
      return { apiVersion, kind, name: metadata.name, ...(namespaced ? { namespace } : {}) };
    }),
  );
  const all = [...identities, ...done.extra];
  const digests = await digestsNow(kube, resources, all);
  // Without an object that is gone already, such as a job that deletes itself.
  const applied = all.flatMap((identity, index) => (digests[index] ? [{ ...identity, digest: digests[index] }] : []));
  const { unprobed } = rolloutOf(
    done.objects.map(({ object }) => object),
    step.namespace,
  );
  const exists = new Set(applied.map(({ kind, name }) => `${kind}/${name}`));
  const objects = done.objects
    .filter(({ object: { kind, metadata } }) => exists.has(`${kind}/${metadata.name}`))
    .map(({ source, object }) => ({ source, object: briefly(object) }));
  writeRecord(config, step, { inputs: done.inputs, applied, objects, workloads: done.workloads, unprobed });
}

/** Only what names an object, except for a Service, which tests are given the addresses of. */
function briefly(object: ManifestObject['object']): ManifestObject['object'] {
  const { apiVersion, kind, metadata } = object;
  const { name, namespace } = metadata;
  if (kind === 'Service') return object;
  return { apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } };
}

/** Adds the step's place to its error, and says what stays. */
function rethrow(error: unknown, step: DeployStep, before: readonly DeployStep[], emit: Session['emit']): never {
  if (!(error instanceof HarnessError) || error.code === 'INTERRUPTED') throw error;
  if (before.length > 0) {
    const names = before.map((earlier) => `${earlier.place} (${stepName(earlier)})`).join(', ');
    emit({ type: 'note', level: 'warning', message: `what was applied before ${step.place} stays: ${names}` });
  }
  const { code, message, detail, next } = error;
  throw new HarnessError(code, `${step.place} (${stepName(step)}): ${message}`, { detail, next, cause: error });
}
