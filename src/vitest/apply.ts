import type { KubernetesObject } from '@kubernetes/client-node';
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { applyObject, established, FIELD_MANAGER } from '../deploying/deploy.ts';
import { messageOf } from '../core/error.ts';
import { kubeRequest, statusOf, type KubeAccess, type KubeObject } from '../kubernetes/api.ts';
import type { ManifestObject } from '../kubernetes/manifest.ts';
import { TEST_ANNOTATIONS } from '../model/test-run.ts';
import { readManifests, whatLacks } from '../deploying/read-manifests.ts';
import { inOrder, withImages } from '../deploying/fill-manifest.ts';
import { marksOf } from '../plan/test-namespace.ts';
import { failure, inWords } from './failure.ts';
import type { Namespace } from './namespace.ts';

/** A YAML file's path, or an object. */
export type Appliable = string | KubernetesObject | (KubernetesObject & { [more: string]: unknown });

/** See `Namespace.apply`. */
export async function applyInto(namespace: Namespace, what: readonly Appliable[]): Promise<KubeObject[]> {
  const wanted = what.flatMap((each, index) => (typeof each === 'string' ? readFile(namespace, each) : [ofProgram(each, index)]));
  const images = Object.entries(namespace.scope.context.images).map(([name, reference]) => ({ name, reference }));
  const applied = new Map<ManifestObject, KubeObject>();
  for (const each of inOrder(wanted)) {
    const object = withImages(each.object, images);
    try {
      applied.set(each, await applyOne(namespace, object));
    } catch (error) {
      throw failure(`${object.kind} ${object.metadata.name} (${each.source}) was not applied: ${messageOf(error)}`, { cause: error });
    }
    namespace.applied.push(object);
  }
  return wanted.flatMap((each) => applied.get(each) ?? []);
}

function readFile({ scope }: Namespace, path: string): ManifestObject[] {
  const candidates = [resolve(dirname(scope.options.file), path), resolve(path)];
  const file = candidates.find((candidate) => existsSync(candidate));
  if (file === undefined) throw failure(`There is no manifest ${path}.`, { detail: `looked for ${candidates.join(' and ')}` });
  scope.files.add(file);
  try {
    return readManifests([file], process.cwd());
  } catch (error) {
    throw inWords(error);
  }
}

function ofProgram(object: Exclude<Appliable, string>, index: number): ManifestObject {
  const source = `object ${index + 1} of the call`;
  const lacks = whatLacks(object);
  if (lacks !== undefined) throw failure(`What was to be applied is no Kubernetes object (${source}): ${lacks}.`);
  return { source, object: object as KubeObject };
}

async function applyOne(namespace: Namespace, object: KubeObject): Promise<KubeObject> {
  const { cluster, scope } = namespace;
  const { kube, resources } = cluster;
  const { namespaced } = await resources.find(object.apiVersion, object.kind);
  if (namespaced) {
    const elsewhere = object.metadata.namespace;
    if (elsewhere !== undefined && elsewhere !== namespace.name)
      throw new Error(`it names the namespace ${elsewhere}; leave that out, and it goes into the test's own`);
    return applyObject(kube, resources, object, namespace.name);
  }
  if (namespace.uid === undefined)
    throw new Error('it stands in no namespace, and only the test that owns it may make it; put it into the manifests');
  const path = await resources.pathOf(object, namespace.name);
  const isOwn = await refuseOthers(namespace, path);
  const { project, run } = scope.context;
  const marks = marksOf(project, run, namespace.name, new Date());
  const marked: KubeObject = {
    ...object,
    metadata: {
      ...object.metadata,
      labels: { ...object.metadata.labels, ...marks.labels },
      annotations: { ...object.metadata.annotations, ...marks.annotations },
      // Kubernetes itself removes it with the namespace, should this process not live to do so.
      ownerReferences: [{ apiVersion: 'v1', kind: 'Namespace', name: namespace.name, uid: namespace.uid }],
    },
  };
  const applied = isOwn ? await applyObject(kube, resources, marked, namespace.name) : await create(kube, path, marked);
  scope.track(path, String(applied.metadata['uid']));
  if (object.kind === 'CustomResourceDefinition') await established(kube, object.metadata.name, scope.options.signal);
  return applied;
}

/**
 * What stands in no namespace is seen by all tests: one that another has made, or nobody here, is not taken over.
 * @returns whether there is one, of this test's own
 */
async function refuseOthers(namespace: Namespace, path: string): Promise<boolean> {
  try {
    const { metadata } = await kubeRequest<KubeObject>(namespace.cluster.kube, 'GET', path);
    const owner = metadata.annotations?.[TEST_ANNOTATIONS.test];
    if (owner === namespace.name) return true;
    const whose = owner === undefined ? 'is not of these tests' : `is of the test whose namespace is ${owner}`;
    throw new Error(`there is one already, which ${whose}; give it a name of its own, such as \`\${namespace.name}-reader\``);
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
    return false;
  }
}

/** Makes an object that must not be there yet: of two tests that want one of the same name at the same time, only the first gets it. */
function create(kube: KubeAccess, path: string, body: KubeObject): Promise<KubeObject> {
  const collection = path.slice(0, path.lastIndexOf('/'));
  return kubeRequest(kube, 'POST', `${collection}?fieldManager=${FIELD_MANAGER}&fieldValidation=Strict`, {
    contentType: 'application/json',
    body,
  });
}
