import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ImageConfig } from '../config/config.ts';
import { sha256 } from '../core/digest.ts';
import { NATIVE_PLATFORM } from '../docker/platform.ts';
import { ifPresent } from '../machine/if-present.ts';
import { secretKey } from '../machine/secret-key.ts';

/** What an image is built with besides files and bases, as it is now in this environment. */
export interface BuildOptions {
  /**
   * Build arguments with their values; one that its environment does not set is not here, as for
   * Docker.
   */
  args: Record<string, string>;
  /** Names of those whose values come from the environment. */
  argsFromEnvironment: string[];
  platforms: string[];
  /** Whether anybody asked for them, or they are what Docker builds for by itself. */
  arePlatformsGiven: boolean;
  /** Secrets that are configured, and not there. */
  missingSecrets: string[];
  /**
   * All of it by name, as it goes into the inputs digest and may be shown and stored: what comes
   * from outside only as a digest.
   */
  settings: Record<string, string>;
}

/** Resolves what the configuration takes from the environment and from files. */
export function buildOptions(image: ImageConfig, env: NodeJS.ProcessEnv): BuildOptions {
  const args: Record<string, string> = {};
  const argsFromEnvironment: string[] = [];
  const missingSecrets: string[] = [];
  const settings: Record<string, string> = {};
  for (const [name, given] of Object.entries(argumentsOf(image, env))) {
    const value = typeof given === 'string' ? given : env[given.env];
    if (value !== undefined) args[name] = value;
    if (typeof given === 'string') {
      settings[`build argument ${name}`] = given;
    } else {
      settings[`build argument ${name} (from ${given.env})`] =
        value === undefined ? 'unset' : `sha256:${sha256(value)}`;
      argsFromEnvironment.push(name);
    }
  }
  for (const [id, secret] of Object.entries(image.secrets)) {
    const value = valueOf(secret, env);
    settings[`secret ${id}`] = value === undefined ? 'not there' : keyedDigest(id, value, env);
    if (value === undefined)
      missingSecrets.push(
        'env' in secret ? `${id} (the variable ${secret.env} is not set)` : `${id} (there is no file ${secret.file})`,
      );
  }
  const platforms = platformsOf(image, env);
  const arePlatformsGiven = image.platforms.length > 0 || Boolean(env['DOCKER_DEFAULT_PLATFORM']);
  return {
    args,
    argsFromEnvironment,
    platforms,
    arePlatformsGiven,
    missingSecrets,
    settings: { ...settings, target: image.target ?? 'the last stage', platform: platforms.join(',') },
  };
}

/**
 * With what Docker's client adds by itself: it hands on the date that reproducible builds are
 * stamped with, unless that is empty, or a build argument of that name has a value.
 */
function argumentsOf({ buildArgs }: ImageConfig, env: NodeJS.ProcessEnv): ImageConfig['buildArgs'] {
  const { SOURCE_DATE_EPOCH: given, ...others } = buildArgs;
  const hasValue = given !== undefined && (typeof given === 'string' || env[given.env] !== undefined);
  return hasValue || !env['SOURCE_DATE_EPOCH']
    ? buildArgs
    : { ...others, SOURCE_DATE_EPOCH: { env: 'SOURCE_DATE_EPOCH' } };
}

function platformsOf({ platforms }: ImageConfig, env: NodeJS.ProcessEnv): string[] {
  if (platforms.length > 0) return platforms;
  return env['DOCKER_DEFAULT_PLATFORM'] ? env['DOCKER_DEFAULT_PLATFORM'].split(',') : [NATIVE_PLATFORM];
}

function valueOf(secret: ImageConfig['secrets'][string], env: NodeJS.ProcessEnv): string | Buffer | undefined {
  return 'env' in secret ? env[secret.env] : ifPresent(() => readFileSync(secret.file));
}

function keyedDigest(id: string, value: string | Buffer, env: NodeJS.ProcessEnv): string {
  return `hmac-sha256:${createHmac('sha256', secretKey(env)).update(`${id}\0`).update(value).digest('hex')}`;
}
