import { createHmac } from 'node:crypto';
import { digestOfJson } from '../core/digest.ts';
import { TEMPLATE_ANNOTATION } from '../core/labels.ts';
import type { KubeObject } from '../kubernetes/api.ts';
import { isKind } from '../kubernetes/kinds.ts';
import { copyOf } from '../manifests/copy-of.ts';

/**
 * The annotation of pod templates with the digest of the ConfigMaps and Secrets that the pods read.
 * When one of them changes, so does the template, and Kubernetes replaces the pods.
 */
export const CONFIG_ANNOTATION = 'kind-harness.dev/config';

/** The ConfigMaps and Secrets of a deployment. */
export class DeployedConfig {
  readonly #contents = new Map<string, unknown>();
  readonly #key: () => Buffer;

  /** @param key for digests of Secrets, which must not be guessed from them */
  constructor(key: () => Buffer) {
    this.#key = key;
  }

  /** Remembers those among some objects. */
  add(objects: readonly KubeObject[], namespace: string): void {
    for (const object of objects) {
      if (!isKind(object, '', 'ConfigMap', 'Secret')) continue;
      const { kind, metadata, data, binaryData, stringData } = object;
      this.#contents.set(`${kind} ${metadata.namespace ?? namespace}/${metadata.name}`, [data, binaryData, stringData]);
    }
  }

  /** The object, with the digest of what its pods read if that is part of the deployment. */
  annotate(object: KubeObject, namespace: string): KubeObject {
    const own = object.metadata.namespace ?? namespace;
    const template = templateOf(object);
    const read = [...new Set(template ? referencesIn(template.spec) : [])]
      .map(({ kind, name }) => `${kind} ${own}/${name}`)
      .filter((key) => this.#contents.has(key))
      .sort();
    if (read.length === 0) return object;
    const content = digestOfJson(read.map((key) => [key, this.#contents.get(key)]));
    const hasSecret = read.some((key) => key.startsWith('Secret '));
    const digest = hasSecret ? createHmac('sha256', this.#key()).update(content).digest('hex') : content;
    const copy = copyOf(object);
    const target = templateOf(copy);
    if (target) target.metadata = withAnnotation(target.metadata, CONFIG_ANNOTATION, digest.slice(0, 32));
    return copy;
  }
}

/**
 * A ReplicaSet or ReplicationController with the digest of its template in the template, so that
 * pods of an earlier one can be told: Kubernetes does not replace them.
 */
export function withTemplateDigest(object: KubeObject): KubeObject {
  if (!isKind(object, 'apps', 'ReplicaSet') && !isKind(object, '', 'ReplicationController')) return object;
  const copy = copyOf(object);
  const target = templateOf(copy);
  if (target) target.metadata = withAnnotation(target.metadata, TEMPLATE_ANNOTATION, digestOfJson(target).slice(0, 32));
  return copy;
}

interface Template {
  metadata?: { annotations?: Record<string, string> };
  spec?: PodSpec;
}

function withAnnotation(
  metadata: Template['metadata'],
  name: string,
  value: string,
): NonNullable<Template['metadata']> {
  return { ...metadata, annotations: { ...metadata?.annotations, [name]: value } };
}

/**
 * The pod template of an object whose pods are replaced when it changes. A CronJob's next run reads
 * the new values anyway.
 */
function templateOf(object: KubeObject): Template | undefined {
  if (isKind(object, '', 'Pod')) return object;
  const isWorkload =
    isKind(object, 'apps', 'Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet') ||
    isKind(object, 'batch', 'Job') ||
    isKind(object, '', 'ReplicationController');
  return isWorkload ? (object['spec'] as { template?: Template } | undefined)?.template : undefined;
}

interface Named {
  name?: string;
}

interface Container {
  env?: { valueFrom?: { configMapKeyRef?: Named; secretKeyRef?: Named } }[];
  envFrom?: { configMapRef?: Named; secretRef?: Named }[];
}

interface Volume {
  configMap?: Named;
  secret?: { secretName?: string };
  projected?: { sources?: { configMap?: Named; secret?: Named }[] };
}

interface PodSpec {
  containers?: Container[];
  initContainers?: Container[];
  volumes?: Volume[];
}

function referencesIn(spec: PodSpec = {}): { kind: string; name: string }[] {
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
  const env = containers.flatMap(({ env = [] }) => env.map(({ valueFrom }) => valueFrom));
  const envFrom = containers.flatMap((container) => container.envFrom ?? []);
  const volumes = spec.volumes ?? [];
  const projected = volumes.flatMap((volume) => volume.projected?.sources ?? []);
  const configMaps = [
    ...env.map((source) => source?.configMapKeyRef),
    ...envFrom.map((source) => source.configMapRef),
    ...[...volumes, ...projected].map((source) => source.configMap),
  ];
  const secrets = [
    ...env.map((source) => source?.secretKeyRef),
    ...envFrom.map((source) => source.secretRef),
    ...volumes.map(({ secret }) => ({ name: secret?.secretName })),
    ...projected.map((source) => source.secret),
  ];
  const named = (kind: string, all: ({ name?: string | undefined } | undefined)[]) =>
    all.flatMap((each) => (each?.name === undefined ? [] : [{ kind, name: each.name }]));
  return [...named('ConfigMap', configMaps), ...named('Secret', secrets)];
}
