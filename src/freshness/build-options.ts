import { isDeepStrictEqual } from 'node:util';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ImageConfig, Secret } from '../config/config.ts';
import { sha256 } from '../core/digest.ts';
import { ifPresent } from '../machine/if-present.ts';
import { secretKey } from '../machine/secret-key.ts';
import { countedSettings } from '../settings/step-settings.ts';

/** What an image is built with besides files and bases, resolved in this environment. */
export interface BuildOptions {
  /**
   * Build arguments with their values. As in Docker, an argument whose variable is unset is left
   * out.
   */
  args: Record<string, string>;
  /** Names of the arguments whose values come from the environment. */
  argsFromEnvironment: string[];
  platforms: string[];
  /** Whether the user chose the platforms; if not, they are Docker's default. */
  arePlatformsGiven: boolean;
  /** Secrets that are configured but missing. */
  missingSecrets: string[];
  /**
   * All options by name, as they go into the inputs digest and may be shown and stored. Values from
   * the environment or from files appear only as digests.
   */
  settings: Record<string, string>;
}

/** What the options depend on besides the configuration. */
export interface BuildSurroundings {
  env: NodeJS.ProcessEnv;
  /** The engine's platform, such as `linux/amd64`: the default of builds. */
  platform: string;
}

/** Resolves the values that the configuration takes from the environment and from files. */
export function buildOptions(image: ImageConfig, { env, platform }: BuildSurroundings): BuildOptions {
  const args: Record<string, string> = {};
  const argsFromEnvironment: string[] = [];
  const missingSecrets: string[] = [];
  const settings: Record<string, string> = {};
  for (const [name, source] of Object.entries(argumentsOf(image, env))) {
    const value = typeof source === 'string' ? source : env[source.env];
    if (value !== undefined) args[name] = value;
    if (typeof source === 'string') {
      settings[`build argument ${name}`] = source;
    } else {
      settings[`build argument ${name} (from ${source.env})`] =
        value === undefined ? 'unset' : `sha256:${sha256(value)}`;
      argsFromEnvironment.push(name);
    }
  }
  for (const [id, secret] of Object.entries(image.secrets)) {
    const value = secretValue(secret, env);
    settings[secretSetting(id)] = value === undefined ? 'not there' : secretDigest(id, value, env);
    if (value === undefined)
      missingSecrets.push(
        'env' in secret ? `${id} (the variable ${secret.env} is not set)` : `${id} (there is no file ${secret.file})`,
      );
  }
  // Which facts an image carries is an input. Their values are not.
  for (const { name, fact, as } of image.stamps) settings[`${STAMP}${name}`] = `${fact} as ${as}`;
  Object.assign(settings, countedSettings(image));
  const platforms = platformsOf(image, env, platform);
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
 * The build arguments, including the one that Docker's client adds: it passes `SOURCE_DATE_EPOCH`
 * on, unless the variable is empty or a build argument of that name has a value.
 */
function argumentsOf({ buildArgs }: ImageConfig, env: NodeJS.ProcessEnv): ImageConfig['buildArgs'] {
  const { SOURCE_DATE_EPOCH: source, ...others } = buildArgs;
  const hasValue = source !== undefined && (typeof source === 'string' || env[source.env] !== undefined);
  return hasValue || !env['SOURCE_DATE_EPOCH']
    ? buildArgs
    : { ...others, SOURCE_DATE_EPOCH: { env: 'SOURCE_DATE_EPOCH' } };
}

function platformsOf({ platforms }: ImageConfig, env: NodeJS.ProcessEnv, platform: string): string[] {
  if (platforms.length > 0) return platforms;
  return env['DOCKER_DEFAULT_PLATFORM'] ? env['DOCKER_DEFAULT_PLATFORM'].split(',') : [platform];
}

/** The name of a secret among the settings. */
export function secretSetting(id: string): string {
  return `secret ${id}`;
}

/** The value of a secret now; undefined if its variable is not set or its file does not exist. */
export function secretValue(secret: Secret, env: NodeJS.ProcessEnv): string | Buffer | undefined {
  return 'env' in secret ? env[secret.env] : ifPresent(() => readFileSync(secret.file));
}

/**
 * Images with digests of an earlier format are stale. Format 1 could be on an image that was built
 * with another value.
 */
const SECRET_FORMAT = 2;

/** The digest of a secret's value. Without this user's key, nobody can guess the value from it. */
export function secretDigest(id: string, value: string | Buffer, env: NodeJS.ProcessEnv): string {
  const hmac = createHmac('sha256', secretKey(env)).update(`${SECRET_FORMAT}\0${id}\0`);
  return `hmac-sha256:${hmac.update(value).digest('hex')}`;
}

/** The beginning of the name of each setting that is a stamp. */
const STAMP = 'stamp ';

/** Whether two builds had the same stamps, whatever their values were. */
export const sameStamps = (before: Settings, after: Settings) => sameSettings(before, after, new RegExp(`^${STAMP}`));

/** Whether two builds gave their images the same date: the real one, or the same fixed one. */
export const sameDate = (before: Settings, after: Settings) => sameSettings(before, after, / SOURCE_DATE_EPOCH\b/);

type Settings = Readonly<Record<string, string>>;

function sameSettings(before: Settings, after: Settings, kind: RegExp): boolean {
  const chosen = (settings: Settings) => Object.entries(settings).filter(([name]) => kind.test(name));
  return isDeepStrictEqual(Object.fromEntries(chosen(before)), Object.fromEntries(chosen(after)));
}
