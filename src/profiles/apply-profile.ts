/** The parts of a configuration, as it is written, that profiles are about. */
export interface Profiled {
  images?: Record<string, object>;
  profiles?: Record<string, { images?: Record<string, object> }>;
}

/** A configuration with the settings of a profile in it. */
export interface AppliedProfile<C> {
  config: C;
  /** What is wrong with any profile: its place, and what was expected there. */
  problems: { path: string; message: string }[];
  /** The images of which the profile says something. */
  images: string[];
  /** Where something is written that is at this path in the result. */
  placeOf: (path: string) => string;
}

/**
 * Puts the settings of a profile in the place of those of its images. Objects such as `buildArgs` are
 * merged by their keys; any other value replaces the one in `images`.
 * @param name a profile of this configuration; undefined for none
 */
export function applyProfile<C extends Profiled>(config: C, name: string | undefined): AppliedProfile<C> {
  const problems = Object.entries(config.profiles ?? {}).flatMap(([profile, { images = {} }]) =>
    unknownImages(profile, images, config.images ?? {}),
  );
  const overrides = (name !== undefined && config.profiles?.[name]?.images) || {};
  const images = Object.entries(config.images ?? {}).map(([image, settings]) => [
    image,
    merge(settings, overrides[image] ?? {}),
  ]);
  return {
    config: config.images === undefined ? config : { ...config, images: Object.fromEntries(images) as C['images'] },
    problems,
    images: Object.keys(overrides),
    placeOf: (path) => (isOverridden(path, overrides) ? `profiles.${name}.${path}` : path),
  };
}

/**
 * Which profile to use.
 * @param wanted the one that was asked for
 * @param preferred the one to use, if it is configured, when none was asked for
 * @returns `unknown` if there is no such profile
 */
export function chooseProfile(
  { profiles = {} }: Profiled,
  { wanted, preferred }: { wanted?: string | undefined; preferred?: string | undefined },
): { name: string | undefined } | { unknown: string; known: string[] } {
  const known = Object.keys(profiles);
  if (wanted !== undefined && !known.includes(wanted)) return { unknown: wanted, known };
  return { name: wanted ?? known.find((name) => name === preferred) };
}

function unknownImages(profile: string, images: object, known: object) {
  const names = Object.keys(known);
  return Object.keys(images)
    .filter((image) => !names.includes(image))
    .map((image) => ({
      path: `profiles.${profile}.images.${image}`,
      message: `expected one of \`images\`: ${names.map((each) => `\`${each}\``).join(', ') || 'none are configured'}`,
    }));
}

function merge(settings: object, overrides: object): object {
  const before = new Map<string, unknown>(Object.entries(settings));
  const merged = Object.entries(overrides).map(([key, value]: [string, unknown]) => {
    const old = before.get(key);
    return [key, isObject(old) && isObject(value) ? { ...old, ...value } : value];
  });
  return { ...settings, ...(Object.fromEntries(merged) as object) };
}

/** Whether a profile sets what is at a path such as `images.api.labels.team` or `images.api.tags[0]`. */
function isOverridden(path: string, overrides: Record<string, object>): boolean {
  const isAt = (place: string) => path === place || path.startsWith(`${place}.`) || path.startsWith(`${place}[`);
  return Object.entries(overrides).some(([image, settings]) =>
    Object.entries(settings).some(([key, value]: [string, unknown]) => {
      const place = `images.${image}.${key}`;
      if (!isObject(value) || path === place) return isAt(place);
      return Object.keys(value).some((inner) => isAt(`${place}.${inner}`));
    }),
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
