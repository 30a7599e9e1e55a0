/** What a service was or will be started from, besides values from the environment. */
export interface ServiceParts {
  /** The engine's id of the image; undefined if it cannot be had now. */
  image: string | undefined;
  network: string;
  /** A digest of the settings, without values. */
  settings: string;
}

/** A service as the configuration wants it. */
export interface WantedService {
  parts: ServiceParts;
  /** Variables of the container; undefined for a value that is not set here. */
  env: Readonly<Record<string, string | undefined>>;
}

/** A service's container, running or not. */
export interface ObservedService {
  id: string;
  /** The name of the service. */
  name: string;
  running: boolean;
  labels: Readonly<Record<string, string>>;
  env: Readonly<Record<string, string>>;
  /** The names of its volumes, by their paths in the container. */
  volumes: Readonly<Record<string, string>>;
}

/** What to do to get a service, and with which variables. */
export type ServiceDecision = { env: Record<string, string>; unknown: string[] } & (
  { action: 'create' | 'keep' } | { action: 'replace'; reason: string }
);

/**
 * Decides whether a service's container can be kept. What is not known now does not speak against
 * it: a value that is not set here, an image that cannot be had.
 * @param definition the value of the container's label; undefined without a container
 */
export function decideService(
  observed: Pick<ObservedService, 'env'> | undefined,
  definition: string | undefined,
  wanted: WantedService,
): ServiceDecision {
  const names = Object.keys(wanted.env);
  const unset = names.filter((name) => wanted.env[name] === undefined);
  const known = (name: string) => wanted.env[name] ?? observed?.env[name];
  const values = names.map((name) => [name, known(name)] as const);
  const env = Object.fromEntries(values.filter((entry): entry is readonly [string, string] => entry[1] !== undefined));
  if (!observed) return { action: 'create', env, unknown: [] };
  const unknown = unset.filter((name) => observed.env[name] !== undefined);
  const before = readParts(definition);
  if (!before) return { action: 'replace', env, unknown, reason: 'an earlier version started it' };
  const { image, network, settings } = wanted.parts;
  const changes = [
    ...(image !== undefined && before.image !== image ? ['its image'] : []),
    ...(before.network !== network ? ['its network'] : []),
    ...(before.settings !== settings ? ['its settings'] : []),
    ...names.filter((name) => wanted.env[name] !== undefined && observed.env[name] !== wanted.env[name]),
  ];
  if (changes.length > 0) return { action: 'replace', env, unknown, reason: `${changes.join(', ')} changed` };
  return { action: 'keep', env, unknown };
}

/** The value of the label. */
export function definitionLabel(parts: ServiceParts): string {
  return JSON.stringify(parts);
}

/** Reads the label; undefined for a container of an earlier version. */
function readParts(definition: string | undefined): Partial<ServiceParts> | undefined {
  try {
    const parts: unknown = JSON.parse(definition ?? '');
    return typeof parts === 'object' && parts !== null && 'settings' in parts
      ? (parts as Partial<ServiceParts>)
      : undefined;
  } catch {
    return undefined;
  }
}
