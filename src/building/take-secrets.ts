import { writeFileSync } from 'node:fs';
import type { ImageConfig, Secret } from '../config/config.ts';
import type { BuildSecret } from '../docker/buildx.ts';
import { secretDigest, secretValue } from '../freshness/build-options.ts';

/** The secrets of one build, with the values that they had at one moment. */
export interface TakenSecrets {
  /** The keyed digest of each value by the secret's id. Missing secrets are left out. */
  digests: Record<string, string>;
  secrets: BuildSecret[];
  /** Variables for Docker's client that hold the values. */
  env: Record<string, string>;
}

/** Linux allows 128 KiB for a variable, in its whole. */
const MAX_VARIABLE_BYTES = 65_536;

/**
 * Reads the secrets of an image once. BuildKit gets exactly these values, because a variable or a
 * file may change before it would read them itself, and the build would be cached and labelled with
 * the digest of another value.
 * @param copies the beginning of paths for copies of values that no variable can hold; the caller
 * removes these
 */
export function takeSecrets(image: ImageConfig, env: NodeJS.ProcessEnv, copies: string): TakenSecrets {
  const taken: TakenSecrets = { digests: {}, secrets: [], env: {} };
  for (const [index, [id, secret]] of Object.entries(image.secrets).entries()) {
    const value = secretValue(secret, env);
    if (value === undefined) continue;
    taken.digests[id] = secretDigest(id, value, env);
    const text = asVariable(value);
    if (text === undefined) {
      const copy = `${copies}.secret-${index}`;
      writeFileSync(copy, value, { mode: 0o600 });
      taken.secrets.push({ argument: `id=${id},${csv(`src=${copy}`)}`, source: sourceOf(id, secret) });
    } else {
      const variable = `KIND_HARNESS_BUILD_SECRET_${index}`;
      taken.env[variable] = text;
      taken.secrets.push({ argument: `id=${id},env=${variable}`, source: sourceOf(id, secret) });
    }
  }
  return taken;
}

/** The value as a variable holds it; undefined if it is too long, or not text. */
function asVariable(value: string | Buffer): string | undefined {
  if (typeof value === 'string') return value;
  const text = value.toString('utf8');
  const isText = !text.includes('\0') && Buffer.from(text, 'utf8').equals(value);
  return isText && value.length <= MAX_VARIABLE_BYTES ? text : undefined;
}

function sourceOf(id: string, secret: Secret): string {
  return 'env' in secret ? `id=${id},env=${secret.env}` : `id=${id},${csv(`src=${secret.file}`)}`;
}

/** Quotes a field if needed: BuildKit splits fields at commas outside of quotes. */
function csv(field: string): string {
  return /[",]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
