import type { KubeObject } from '../kubernetes/api.ts';
import { groupOf, isBuiltIn, isKind } from '../kubernetes/kinds.ts';

/**
 * The stages in which objects are applied:
 * - foundations: namespaces and definitions of kinds, until the server serves them
 * - settings: what workloads refer to
 * - workloads: what runs, and custom resources that no webhook of this deployment judges
 * - gates: webhook configurations and APIServices, each when its server is ready
 * - gated: what passes through new ones of these: custom resources and Ingresses, and workloads if the
 *   webhook changes what it judges
 */
export const STAGES = ['foundations', 'settings', 'workloads', 'gates', 'gated'] as const;

export type Stage = (typeof STAGES)[number];

/** A Service that the API server calls. */
export interface Server {
  namespace: string;
  name: string;
}

interface WebhookConfig {
  service?: Server;
}

interface Rule {
  apiGroups?: string[];
  resources?: string[];
}

interface Webhook {
  clientConfig?: WebhookConfig;
  rules?: Rule[];
}

/** Sorts the objects of a deployment into stages. `resourceOf` gives a kind's name in the API. */
export function decideStages<T>(
  items: readonly T[],
  objectOf: (item: T) => KubeObject,
  isKnown: (gate: KubeObject) => boolean,
): Record<Stage, T[]> {
  const objects = items.map(objectOf);
  // A webhook that the cluster knows already has judged these objects before.
  const newGates = objects.filter((object) => isWebhook(object) && !isKnown(object));
  const webhooks = newGates.flatMap(webhooksOf);
  const changing = newGates.filter(({ kind }) => kind.startsWith('Mutating')).flatMap(webhooksOf);
  const servers = objects.filter(isGate).flatMap(serversOf);
  const resources = resourceNames(objects);
  const serving = new Set(objects.filter((object) => servers.some((server) => mayServe(object, server, objects))));
  const stageOf = (object: KubeObject): Stage => {
    if (isKind(object, '', 'Namespace') || isDefinition(object)) return 'foundations';
    if (isGate(object)) return 'gates';
    const isCustom = !isBuiltIn(object.apiVersion);
    // What answers for the gate, or is read by that, cannot wait for it.
    const mayWait =
      isCustom || isKind(object, 'networking.k8s.io', 'Ingress') ? webhooks : runs(object) ? changing : [];
    if (mayWait.some((webhook) => judges(webhook, object, resources)) && !serving.has(object)) return 'gated';
    return isCustom || runs(object) ? 'workloads' : 'settings';
  };
  const stages = Object.fromEntries(STAGES.map((stage) => [stage, [] as T[]])) as Record<Stage, T[]>;
  for (const item of items) stages[stageOf(objectOf(item))].push(item);
  return stages;
}

/** The Services that must answer before an object is applied. */
export function serversOf(object: KubeObject): Server[] {
  if (isKind(object, 'apiregistration.k8s.io', 'APIService')) {
    const { service } = (object['spec'] ?? {}) as WebhookConfig;
    return service ? [service] : [];
  }
  return webhooksOf(object).flatMap(({ clientConfig }) => (clientConfig?.service ? [clientConfig.service] : []));
}

export function isDefinition(object: KubeObject): boolean {
  return isKind(object, 'apiextensions.k8s.io', 'CustomResourceDefinition');
}

/** Whether others pass through an object. */
function isGate(object: KubeObject): boolean {
  return isWebhook(object) || isKind(object, 'apiregistration.k8s.io', 'APIService');
}

/** The groups whose kinds a deployment itself brings. */
export function groupsBroughtBy(objects: readonly KubeObject[]): Set<string> {
  const groups = objects.map((object) => {
    const brings = isDefinition(object) || isKind(object, 'apiregistration.k8s.io', 'APIService');
    return brings ? (object['spec'] as { group?: string } | undefined)?.group : undefined;
  });
  return new Set(groups.filter((group) => group !== undefined));
}

function isWebhook(object: KubeObject): boolean {
  return isKind(
    object,
    'admissionregistration.k8s.io',
    'ValidatingWebhookConfiguration',
    'MutatingWebhookConfiguration',
  );
}

function webhooksOf(object: KubeObject): Webhook[] {
  return isWebhook(object) ? ((object['webhooks'] ?? []) as Webhook[]) : [];
}

const WORKLOADS: [group: string, ...kinds: string[]][] = [
  ['apps', 'Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet'],
  ['batch', 'Job', 'CronJob'],
  ['', 'Pod', 'ReplicationController'],
];

function runs(object: KubeObject): boolean {
  return WORKLOADS.some(([group, ...kinds]) => isKind(object, group, ...kinds));
}

/** Whether a workload may be what a Service selects; any, if the Service is not in the deployment. */
function mayServe(object: KubeObject, server: Server, all: readonly KubeObject[]): boolean {
  if (!runs(object)) return false;
  const service = all.find(
    (each) =>
      isKind(each, '', 'Service') &&
      each.metadata.name === server.name &&
      (each.metadata.namespace ?? server.namespace) === server.namespace,
  );
  const selector = Object.entries(
    (service?.['spec'] as { selector?: Record<string, string> } | undefined)?.selector ?? {},
  );
  const labels = labelsOf(object);
  return selector.length > 0 && selector.every(([name, value]) => labels[name] === value);
}

function labelsOf(object: KubeObject): Record<string, string> {
  if (isKind(object, '', 'Pod')) return object.metadata.labels ?? {};
  const spec = object['spec'] as { template?: { metadata?: { labels?: Record<string, string> } } } | undefined;
  return spec?.template?.metadata?.labels ?? {};
}

/** The names in the API of the kinds that the deployment defines. */
function resourceNames(objects: readonly KubeObject[]): Map<string, string> {
  type Spec = { group?: string; names?: { kind?: string; plural?: string } } | undefined;
  return new Map(
    objects.filter(isDefinition).flatMap((definition) => {
      const { group, names } = (definition['spec'] as Spec) ?? {};
      return names?.plural === undefined ? [] : [[`${group}/${names.kind}`, names.plural] as const];
    }),
  );
}

/**
 * Whether a webhook judges an object, or the pods of one that runs. Its selectors do not count: who
 * waits without need is only later.
 */
function judges({ rules = [] }: Webhook, object: KubeObject, names: ReadonlyMap<string, string>): boolean {
  const group = groupOf(object.apiVersion);
  const resource = names.get(`${group}/${object.kind}`) ?? pluralOf(object.kind);
  const subjects = [{ group, resource }, ...(runs(object) ? [{ group: '', resource: 'pods' }] : [])];
  return rules.some(({ apiGroups = [], resources = [] }) =>
    subjects.some(
      (subject) =>
        (apiGroups.includes('*') || apiGroups.includes(subject.group)) &&
        resources.some((pattern) => ['*', '*/*', subject.resource, `${subject.resource}/*`].includes(pattern)),
    ),
  );
}

/** As Kubernetes names its own kinds, and its tools those of others. */
function pluralOf(kind: string): string {
  const word = kind.toLowerCase();
  if (/(s|x|z|ch|sh)$/.test(word)) return `${word}es`;
  return /[^aeiou]y$/.test(word) ? `${word.slice(0, -1)}ies` : `${word}s`;
}
