import type { KubernetesObject } from '@kubernetes/client-node';
import { MASK } from '../core/redactor.ts';
import type { KubeObject } from './api.ts';

/**
 * A copy of an object that is safe to write to a file: without Kubernetes's bookkeeping, and
 * without the values of a Secret.
 */
export function withoutSecrets(object: KubernetesObject | KubeObject): object {
  const {
    managedFields: _,
    annotations = {},
    ...metadata
  } = (object.metadata ?? {}) as Record<string, unknown> & {
    annotations?: Record<string, string>;
  };
  const { 'kubectl.kubernetes.io/last-applied-configuration': __, ...kept } = annotations; // contains the whole object again
  const copy = {
    ...object,
    metadata: { ...metadata, ...(Object.keys(kept).length === 0 ? {} : { annotations: kept }) },
  };
  if (object.kind !== 'Secret') return copy;
  const secret = copy as Record<string, unknown>;
  for (const field of ['data', 'stringData']) {
    const values = secret[field];
    if (typeof values !== 'object' || values === null) continue;
    secret[field] = Object.fromEntries(Object.keys(values).map((key) => [key, MASK]));
  }
  return copy;
}

interface Secret {
  data?: Record<string, string>;
  stringData?: Record<string, string>;
}

/** The values of Secrets, decoded. */
export function secretValues(secrets: readonly object[]): Buffer[] {
  return (secrets as readonly Secret[]).flatMap(({ data, stringData }) => [
    ...Object.values(data ?? {}).map((value) => Buffer.from(String(value), 'base64')),
    ...Object.values(stringData ?? {}).map((value) => Buffer.from(String(value))),
  ]);
}

/** The Secrets among the objects. */
export function secretsAmong(objects: readonly KubeObject[]): KubeObject[] {
  return objects.filter(({ apiVersion, kind }) => apiVersion === 'v1' && kind === 'Secret');
}
