/** What the API server, or the connection to it, said instead of doing as asked. */
export interface Refusal {
  /** The HTTP status; absent if no response came. */
  status?: number | undefined;
  /** Node's code for a failed connection, such as ECONNRESET. */
  code?: string | undefined;
  /** Kubernetes's words for the causes, such as NamespaceTerminating. */
  causes?: readonly string[] | undefined;
  message: string;
}

/** What this deployment itself brings, so that the server may not know it yet. */
export interface Expected {
  /** Whether the object's kind comes from a definition or an APIService of this deployment. */
  kind: boolean;
}

const BROKEN_CONNECTION = ['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT', 'ECONNABORTED'];

/** Within a 500: what is between the server and its parts, and not the object. */
const INNER_FAILURE =
  /failed calling webhook|conversion webhook for .* failed|etcdserver|etcd cluster is unavailable|leader changed|context deadline exceeded|connection refused|connection reset|no endpoints available|request timed out|timeout awaiting response|error trying to reach service|the object has been modified/i;

/** Within a 403: what controllers bring a moment later. */
const NOT_YET_THERE = /error looking up service account|serviceaccount "[^"]*" not found/i;

/**
 * Why a refusal passes by itself, in a few words; undefined if it does not, and the object itself
 * must be changed.
 */
export function whyItPasses(refusal: Refusal, expected: Expected): string | undefined {
  const { status, code, causes = [], message } = refusal;
  if (status === undefined) {
    const broken = BROKEN_CONNECTION.includes(code ?? '') || /socket hang up|no response from/.test(message);
    return broken ? 'the API server does not respond' : undefined;
  }
  // Also what it says while it sets up a new kind.
  if (status === 429) return 'the API server is busy';
  if (status === 409) return 'it was changed at the same time';
  if (status === 502 || status === 503 || status === 504) return 'a part of the API server is not ready';
  if (status === 500 && /webhook/i.test(message)) return 'a webhook does not respond';
  if (status === 500 && INNER_FAILURE.test(message)) return 'a part of the API server is not ready';
  if (status === 403 && (causes.includes('NamespaceTerminating') || /being terminated/.test(message)))
    return 'the namespace is being deleted';
  if (status === 403 && /status unknown for quota/.test(message)) return 'its quota is not counted yet';
  if (status === 403 && NOT_YET_THERE.test(message)) return 'its ServiceAccount does not exist yet';
  if (status === 404 && expected.kind) return 'the API server does not serve its kind yet';
  return undefined;
}

/** Whether the server refused to change fields that can only be set when an object is created. */
export function isImmutable({ status, message }: Refusal): boolean {
  return (
    status === 422 &&
    /immutable|may not be changed|may not change|cannot change|cannot be changed|can not be less than|: Forbidden: updates to |field can not be decreased/i.test(
      message,
    )
  );
}
