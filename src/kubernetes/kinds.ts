/** An object's type. */
interface Typed {
  apiVersion: string;
  kind: string;
}

/** The API group of an `apiVersion`: `apps` of `apps/v1`; empty for the core group. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash === -1 ? '' : apiVersion.slice(0, slash);
}

/** Whether an object is of a kind, in any version: another group may have a kind of that name. */
export function isKind(object: Typed, group: string, ...kinds: string[]): boolean {
  return groupOf(object.apiVersion) === group && kinds.includes(object.kind);
}

/** The groups without a dot in their name, besides those below `k8s.io`. */
const PLAIN_GROUPS = ['', 'apps', 'batch', 'autoscaling', 'policy', 'extensions'];

/** Groups that the API server itself serves, below the domain that definitions share with it. */
const SERVED_GROUPS = [
  'admissionregistration',
  'apiextensions',
  'apiregistration',
  'authentication',
  'authorization',
  'certificates',
  'coordination',
  'discovery',
  'events',
  'flowcontrol.apiserver',
  'internal.apiserver',
  'networking',
  'node',
  'rbac.authorization',
  'resource',
  'scheduling',
  'storage',
  'storagemigration',
].map((name) => `${name}.k8s.io`);

/** Whether the API server has this group without a definition. */
export function isBuiltIn(apiVersion: string): boolean {
  const group = groupOf(apiVersion);
  return PLAIN_GROUPS.includes(group) || SERVED_GROUPS.includes(group);
}
