import type { KubeObject } from '../kubernetes/api.ts';
import { builtInKind } from '../kubernetes/built-in-kind.ts';

/** The parts of a container that this package reads or changes. */
export interface Container {
  name?: string;
  image?: string;
  imagePullPolicy?: string;
  env?: unknown;
  ports?: unknown;
}

/** A volume whose files come from an image. */
export interface ImageVolume {
  image?: { reference?: string; pullPolicy?: string };
}

/** The parts of a pod template that this package reads or changes. */
export interface PodTemplate {
  metadata?: { annotations?: Record<string, string> };
  spec?: Record<string, unknown>;
}

/** Keys that lead to a value, as in `['spec', 'template']`. */
export type Path = readonly (string | number)[];

/** Where Kubernetes' own kinds have a pod template. */
const PLACES: Readonly<Record<string, Path>> = {
  Pod: [],
  PodTemplate: ['template'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
  ...Object.fromEntries(
    ['DaemonSet', 'Deployment', 'Job', 'ReplicaSet', 'ReplicationController', 'StatefulSet'].map((kind) => [
      kind,
      ['spec', 'template'],
    ]),
  ),
};
/** Where most custom resources that run pods have theirs. */
const CUSTOM: readonly Path[] = [
  ['spec', 'template'],
  ['spec', 'jobTemplate', 'spec', 'template'],
];

/** The pod templates in an object, with their places. A Pod is its own template. */
export function podTemplates(object: KubeObject): { path: Path; template: PodTemplate }[] {
  const kind = builtInKind(object);
  const place = kind === undefined ? undefined : PLACES[kind];
  const places = place ? [place] : kind === undefined ? CUSTOM : [];
  return places.flatMap((path) => {
    const template = at(object, path);
    return isRecord(template) && isRecord(template['spec']) ? [{ path, template: template }] : [];
  });
}

const CONTAINER_LISTS = ['initContainers', 'containers', 'ephemeralContainers'];

/** The containers of a template, with their places in it. */
export function containersOf(template: PodTemplate): { path: Path; container: Container }[] {
  return CONTAINER_LISTS.flatMap((list) =>
    recordsIn(template.spec?.[list]).map(({ record, index }) => ({ path: ['spec', list, index], container: record })),
  );
}

/** The volumes of a template whose files come from an image. */
export function imageVolumesOf(template: PodTemplate): Required<ImageVolume>[] {
  return recordsIn(template.spec?.['volumes']).flatMap(({ record }) =>
    isRecord(record['image']) ? [record as Required<ImageVolume>] : [],
  );
}

/** The objects in a list; anything else in it is left to the server's validation. */
export function recordsIn(list: unknown): { record: Record<string, unknown>; index: number }[] {
  if (!Array.isArray(list)) return [];
  return list.flatMap((record: unknown, index) => (isRecord(record) ? [{ record, index }] : []));
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, key) => (isRecord(inner) ? inner[String(key)] : undefined), value);
}
