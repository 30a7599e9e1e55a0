import { digestOfJson } from '../core/digest.ts';
import { passesHostsOn } from './judge-frontend.ts';

/** What decides how a build with secrets may use BuildKit's cache. */
export interface SecretUse {
  /** The keyed digest of the value of each secret, by its id. */
  digests: Readonly<Record<string, string>>;
  dockerfile: string;
  /** The build arguments. `BUILDKIT_SYNTAX` chooses the frontend. */
  buildArgs: Readonly<Record<string, string>>;
}

/** How a build is kept from a cached result that was made with another value of a secret. */
export interface SecretCache {
  /** Names for `/etc/hosts` of the build, in the form `name:address`. */
  extraHosts: string[];
  /**
   * Whether BuildKit tells results that were made with other values apart. If not, the build must
   * not use the cache, and no other build of this kind may run at the same time.
   */
  isKeyed: boolean;
}

/** Enough digits of the digest that no two are the same; a label of a host name has at most 63. */
const DIGITS = 32;

/**
 * Makes the values of secrets part of BuildKit's cache key. BuildKit identifies a secret by its id
 * only, but the key of each `RUN` contains the names of the hosts that the build adds. So a name
 * with the digest of all values separates results that were made with other values: also while they
 * are being made, after an interrupted or failed build, for each image, engine and user.
 */
export function decideSecretCache({ digests, dockerfile, buildArgs }: SecretUse): SecretCache {
  const values = Object.entries(digests).sort(([a], [b]) => (a < b ? -1 : 1));
  // A secret may be optional. Then a build by hand may have had it.
  const hasSecrets = values.length > 0;
  if (!hasSecrets && !/secret/i.test(dockerfile)) return { extraHosts: [], isKeyed: true };
  const name = `${digestOfJson(values).slice(0, DIGITS)}.secrets.kind-harness.invalid`;
  return { extraHosts: [`${name}:127.0.0.1`], isKeyed: !hasSecrets || passesHostsOn(dockerfile, buildArgs) };
}
