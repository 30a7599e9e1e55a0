import type { KubeObject } from './api.ts';

/** The field manager's name in server-side apply. */
export const FIELD_MANAGER = 'kind-harness';

interface ManagedFields {
  manager?: string;
  operation?: string;
  subresource?: string;
  fieldsV1?: unknown;
}

/** Whether a manager has created or applied the object. */
export function isManagedBy({ metadata }: Pick<KubeObject, 'metadata'>, manager: string): boolean {
  return managersOf(metadata).some((entry) => entry.manager === manager && !entry.subresource);
}

/**
 * The fields that a manager has applied and that still have its values: if somebody else changes a
 * field, it is no longer among them.
 */
export function fieldsOf(metadata: KubeObject['metadata'], manager: string): unknown {
  const isOwn = ({ operation, subresource, ...entry }: ManagedFields) =>
    entry.manager === manager && operation === 'Apply' && !subresource;
  return managersOf(metadata).find(isOwn)?.fieldsV1;
}

function managersOf(metadata: KubeObject['metadata']): ManagedFields[] {
  return (metadata['managedFields'] ?? []) as ManagedFields[];
}
