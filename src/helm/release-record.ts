import { gunzipSync, gzipSync } from 'node:zlib';
import { kubeList, kubeRequest, type KubeAccess, type KubeObject } from '../kubernetes/api.ts';

/** A revision of a release, as Helm stores it in a Secret. */
export interface Release {
  /** The name of the Secret. */
  secret: string;
  revision: number;
  /** Such as `deployed`, `failed` or `pending-upgrade`. */
  status: string;
  /** What Helm applied, as YAML, without hooks and definitions. */
  manifest: string;
  hooks: ReleaseHook[];
}

/** An object that Helm creates around an installation or upgrade. */
export interface ReleaseHook {
  name: string;
  kind: string;
  /** As YAML. */
  manifest: string;
}

interface Payload {
  version: number;
  manifest?: string;
  hooks?: { name?: string; kind?: string; manifest?: string }[];
  info?: { status?: string; description?: string; [more: string]: unknown };
  [more: string]: unknown;
}

type ReleaseSecret = KubeObject & { data?: { release?: string } };

/** The newest revision of a release; undefined if there is none. */
export async function newestRelease(kube: KubeAccess, namespace: string, name: string): Promise<Release | undefined> {
  const secret = await newestSecret(kube, namespace, name);
  if (!secret) return undefined;
  const { version, manifest = '', hooks = [], info } = decode(secret.data?.release ?? '');
  return {
    secret: secret.metadata.name,
    revision: version,
    status: info?.status ?? secret.metadata.labels?.['status'] ?? '',
    manifest,
    hooks: hooks.map((hook) => ({ name: hook.name ?? '', kind: hook.kind ?? '', manifest: hook.manifest ?? '' })),
  };
}

/** Whether a status says that Helm is at work, or was when it was killed. */
export function isPending(status: string): boolean {
  return status.startsWith('pending-') || status === 'uninstalling';
}

/**
 * Marks the newest revision as failed, as Helm itself does when it is interrupted in order. Then
 * Helm accepts the next upgrade, and knows what the failed one may have created.
 */
export async function markFailed(kube: KubeAccess, namespace: string, name: string): Promise<void> {
  const secret = await newestSecret(kube, namespace, name);
  if (!secret) return;
  const payload = decode(secret.data?.release ?? '');
  const info = { ...payload.info, status: 'failed', description: 'Helm was killed during this operation' };
  const path = `/api/v1/namespaces/${namespace}/secrets/${secret.metadata.name}`;
  await kubeRequest(kube, 'PATCH', path, {
    contentType: 'application/merge-patch+json',
    body: {
      // Fails if another Helm has changed it meanwhile.
      metadata: { resourceVersion: secret.metadata['resourceVersion'], labels: { status: 'failed' } },
      data: { release: encode({ ...payload, info }) },
    },
  });
}

async function newestSecret(kube: KubeAccess, namespace: string, name: string): Promise<ReleaseSecret | undefined> {
  const query = new URLSearchParams({ labelSelector: `owner=helm,name=${name}` });
  const { items } = await kubeList(kube, `/api/v1/namespaces/${namespace}/secrets?${query.toString()}`);
  const revision = ({ metadata }: ReleaseSecret) => Number(metadata.labels?.['version'] ?? 0);
  return (items as ReleaseSecret[]).sort((a, b) => revision(b) - revision(a))[0];
}

/** Helm compresses a release and encodes it; the API encodes it once more. */
export function decode(data: string): Payload {
  const inner = Buffer.from(Buffer.from(data, 'base64').toString('latin1'), 'base64');
  const json = inner[0] === 0x1f && inner[1] === 0x8b ? gunzipSync(inner) : inner;
  return JSON.parse(json.toString('utf8')) as Payload;
}

export function encode(payload: Payload): string {
  const inner = gzipSync(Buffer.from(JSON.stringify(payload)), { level: 9 }).toString('base64');
  return Buffer.from(inner, 'latin1').toString('base64');
}
