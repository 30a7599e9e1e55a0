/** The parts of an image reference, by Docker's rules. */
export interface Reference {
  /** Registry host with its port, if given; `docker.io` if the reference has no host. */
  host: string;
  /** Path below the host, with `library/` added to single names on docker.io. */
  path: string;
  tag?: string;
  digest?: string;
}

// The grammar of Docker's reference package, as far as validation needs it.
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const HOST =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::\d+)?$|^\[[0-9a-fA-F:]+\](?::\d+)?$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-fA-F]{32,}$/;

/**
 * Parses an image reference; undefined if it is not valid. A first part is a registry if it has `.`
 * or `:`, or is `localhost`. Source: github.com/distribution/reference, "familiar" names.
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
 * The image's name in a node's container runtime: `app` is `docker.io/library/app:latest` there.
 * Undefined for an invalid reference.
 */
export function canonicalName(text: string): string | undefined {
  const reference = parseReference(text);
  if (!reference) return undefined;
  const repository = `${reference.host}/${reference.path}`;
  if (reference.digest) return `${repository}@${reference.digest}`;
  return `${repository}:${reference.tag ?? 'latest'}`;
}

/** Like `canonicalName`, but returns an invalid reference unchanged. */
export function runtimeName(text: string): string {
  return canonicalName(text) ?? text;
}

/** The full host and path without tag and digest. Undefined for an invalid reference. */
export function repositoryOf(text: string): string | undefined {
  const reference = parseReference(text);
  return reference && `${reference.host}/${reference.path}`;
}
