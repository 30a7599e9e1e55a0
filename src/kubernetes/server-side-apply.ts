import { kubeRequest, METADATA_ONLY, type KubeAccess, type KubeObject } from './api.ts';
import { FIELD_MANAGER } from './managed-fields.ts';

export interface ApplyRequest {
  /** Who owns the fields. Another manager's fields stay as they are. */
  manager?: string;
  /** Whether the server refuses fields that it does not know. */
  strict?: boolean;
  /** Whether the server only says what would come of it. */
  dryRun?: boolean;
  /** Whether the server answers with the object's metadata only, which is faster for large ones. */
  metadataOnly?: boolean;
  signal?: AbortSignal | undefined;
}

/**
 * Creates or changes an object with server-side apply. Fields that somebody else has changed become
 * the manager's.
 * @returns the object as the server stores it
 * @throws KubeApiError
 */
export function serverSideApply(
  kube: KubeAccess,
  path: string,
  object: object,
  { manager = FIELD_MANAGER, strict = false, dryRun = false, metadataOnly = false, signal }: ApplyRequest = {},
): Promise<KubeObject> {
  const query = new URLSearchParams({
    fieldManager: manager,
    force: 'true',
    ...(strict ? { fieldValidation: 'Strict' } : {}),
    ...(dryRun ? { dryRun: 'All' } : {}),
  });
  const contentType = 'application/apply-patch+yaml';
  const accept = metadataOnly ? { accept: METADATA_ONLY } : {};
  return kubeRequest(kube, 'PATCH', `${path}?${query.toString()}`, { contentType, body: object, ...accept, signal });
}
