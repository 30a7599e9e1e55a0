import type { KubernetesObject } from '@kubernetes/client-node';
import type { KubeObject } from './api.ts';

/** Shorter values would match half of every log, and are no secrets. */
const MIN_LENGTH = 4;
const MASK = '***';

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

/**
 * The texts to redact: the values of Secrets, plain and in base64, and the single lines of long
 * values.
 */
export function secretValues(
  secrets: readonly { data?: Record<string, string>; stringData?: Record<string, string> }[],
): string[] {
  const plain = secrets.flatMap(({ data = {}, stringData = {} }) => [
    ...Object.values(data).map((value) => Buffer.from(value, 'base64').toString('utf8')),
    ...Object.values(stringData),
  ]);
  const all = plain.flatMap((value) => [
    value,
    value.trim(),
    Buffer.from(value).toString('base64'),
    ...value.trim().split('\n'),
  ]);
  return [...new Set(all)].filter((value) => value.length >= MIN_LENGTH).sort((a, b) => b.length - a.length);
}

/** Masks the values in a text. */
export function redact(text: string, values: readonly string[]): string {
  return values.reduce((rest, value) => rest.replaceAll(value, MASK), text);
}
