/** The parts of an image reference as Docker reads it. */
export interface Reference {
  /** Registry host, with its port where one is given; `docker.io` when none is. */
  host: string;
  /** Path below the host; `library/` is filled in for single names on docker.io. */
  path: string;
  tag?: string;
  digest?: string;
}

// The grammar of Docker's reference package, as far as telling good from bad needs it.
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const HOST =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::\d+)?$|^\[[0-9a-fA-F:]+\](?::\d+)?$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-fA-F]{32,}$/;

/**
 * Reads an image reference; undefined when it is none. A first part with `.` or `:`, or
 * `localhost`, is a registry. Source: github.com/distribution/reference, "familiar" names.
 */
export function parseReference(text: string): Reference | undefined {
  const [beforeDigest = '', digest, ...rest] = text.split('@');
  if (rest.length > 0 || (digest !== undefined && !DIGEST.test(digest))) return undefined;
  const slash = beforeDigest.indexOf('/');
  const first = slash === -1 ? '' : beforeDigest.slice(0, slash);
  const hasHost = first.includes('.') || first.includes(':') || first === 'localhost' || first !== first.toLowerCase();
  const host = hasHost ? first : 'docker.io';
  const named = hasHost ? beforeDigest.slice(slash + 1) : beforeDigest;
  const colon = named.lastIndexOf(':');
  const path = colon === -1 ? named : named.slice(0, colon);
  const tag = colon === -1 ? undefined : named.slice(colon + 1);
  if (
    !HOST.test(host) ||
    !path.split('/').every((part) => COMPONENT.test(part)) ||
    (tag !== undefined && !TAG.test(tag))
  )
    return undefined;
  const full = host === 'docker.io' && !path.includes('/') ? `library/${path}` : path;
  return { host, path: full, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

/**
 * The name a node's container runtime knows the image by: `app` is `docker.io/library/app:latest`
 * there. Undefined for a bad reference.
 */
export function canonicalName(text: string): string | undefined {
  const reference = parseReference(text);
  if (!reference) return undefined;
  const repository = `${reference.host}/${reference.path}`;
  if (reference.digest) return `${repository}@${reference.digest}`;
  return `${repository}:${reference.tag ?? 'latest'}`;
}

/** As `canonicalName`, but a bad reference stands for itself. */
export function runtimeName(text: string): string {
  return canonicalName(text) ?? text;
}

/** Host and path without tag and digest, in full. Undefined for a bad reference. */
export function repositoryOf(text: string): string | undefined {
  const reference = parseReference(text);
  return reference && `${reference.host}/${reference.path}`;
}
