import type { DeployedConfig } from '../applying/config-digest.ts';
import { fillObjects } from '../applying/fill-objects.ts';
import type { DeployStep } from '../config/deploy-step.ts';
import { messageOf } from '../core/error.ts';
import { renderRelease } from '../helm/render-release.ts';
import { kubeFind, statusOf, type KubeObject } from '../kubernetes/api.ts';
import type { ManifestObject } from '../kubernetes/manifest.ts';
import { serverSideApply } from '../kubernetes/server-side-apply.ts';
import { fieldChanges, type Difference, type FieldChange } from './decide-difference.ts';
import { readOutput } from './read-output.ts';
import { renderStep } from './render-step.ts';
import type { StepContext } from './step-context.ts';

/** How many objects are asked for at the same time. */
const AT_ONCE = 8;

/**
 * What a step would change in the cluster, as the server itself says: each object is applied
 * without being stored. Changes nothing.
 * @param config the ConfigMaps and Secrets of the steps before
 * @throws HarnessError as the step itself would
 */
export async function diffStep(
  step: DeployStep,
  context: StepContext,
  config: DeployedConfig | undefined,
): Promise<Difference[]> {
  const { before, after } = await renderedObjects(step, context, config);
  const last = new Map(before.map((object) => [nameOf(object), object]));
  const names = new Set(after.map(nameOf));
  const gone = before.filter((object) => !names.has(nameOf(object)));
  const rest = after.map((object) => () => diffObject(object, last.get(nameOf(object)), step.namespace, context));
  const found: Difference[] = [];
  for (let at = 0; at < rest.length; at += AT_ONCE)
    found.push(...(await Promise.all(rest.slice(at, at + AT_ONCE).map((ask) => ask()))).flat());
  return [
    ...found,
    ...gone.map(({ kind, metadata: { name, namespace = step.namespace } }): Difference => {
      return { kind, name, namespace, action: 'delete', fields: [] };
    }),
  ];
}

/** @returns what is to be applied, and for a release also what its last revision applied */
async function renderedObjects(
  step: DeployStep,
  context: StepContext,
  config: DeployedConfig | undefined,
): Promise<{ before: KubeObject[]; after: KubeObject[] }> {
  const plain = (objects: ManifestObject[]) => objects.map(({ object }) => object);
  if (step.kind !== 'helm') {
    const { images, imageFields } = context;
    const filling = { images, imageFields, namespace: step.namespace, config };
    return { before: [], after: plain(fillObjects(await renderStep(step, context), filling)) };
  }
  const { before, after } = await renderRelease(step, context);
  const source = `helm release ${step.release}`;
  return { before: plain(readOutput(before, source)), after: plain(readOutput(after, source)) };
}

function nameOf({ apiVersion, kind, metadata }: KubeObject): string {
  return `${apiVersion.split('/').slice(0, -1).join('/')} ${kind} ${metadata.namespace ?? ''} ${metadata.name}`;
}

/** @param last how Helm applied it last; Helm changes what differs from that */
async function diffObject(
  object: KubeObject,
  last: KubeObject | undefined,
  namespace: string,
  { kube, resources }: StepContext,
): Promise<Difference[]> {
  const { kind, metadata } = object;
  const resource = await resources.find(object.apiVersion, kind).catch(() => undefined);
  const named = {
    kind,
    name: metadata.name,
    ...(resource?.namespaced === false ? {} : { namespace: metadata.namespace ?? namespace }),
  };
  if (!resource) return [{ ...named, action: 'create', fields: [] }]; // its definition comes with the deployment
  const path = await resources.pathOf(object, namespace);
  const before = await kubeFind(kube, path);
  if (!before) return [{ ...named, action: 'create', fields: [] }];
  const changed = (fields: FieldChange[]): Difference[] =>
    fields.length === 0 ? [] : [{ ...named, action: 'change', fields }];
  if (last) return changed(fieldChanges(last, object));
  try {
    const after = await serverSideApply(kube, path, object, { dryRun: true });
    return changed(fieldChanges(before, after));
  } catch (error) {
    if (statusOf(error) === undefined) throw error;
    return [{ ...named, action: 'refused', fields: [], reason: messageOf(error) }];
  }
}
