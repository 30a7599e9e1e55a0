import type { ImageField } from '../config/config.ts';
import type { KubeObject } from '../kubernetes/api.ts';
import { groupOf } from '../kubernetes/kinds.ts';
import { isRecord } from './pod-templates.ts';

/** A place in an object where a text can be. */
export interface Field {
  holder: Record<string | number, unknown>;
  key: string | number;
}

/** The places that the configuration names for objects of this kind. */
export function fieldsOf(object: KubeObject, fields: readonly ImageField[]): Field[] {
  const names = [object.kind, `${object.kind}.${groupOf(object.apiVersion)}`];
  return fields.filter(({ kind }) => names.includes(kind)).flatMap(({ path }) => placesIn(object, partsOf(path)));
}

/** `spec.a[*].image` as `spec`, `a`, `*`, `image`; a number is a position in a list. */
function partsOf(path: string): string[] {
  return [...path.matchAll(/[^.[\]]+/g)].map(([part]) => part);
}

function placesIn(value: unknown, [part, ...rest]: string[]): Field[] {
  if (part === undefined || (!isRecord(value) && !Array.isArray(value))) return [];
  const keys = part === '*' ? Object.keys(value) : Object.hasOwn(value, part) ? [part] : [];
  const holder = value as Record<string | number, unknown>;
  return keys.flatMap((key) => (rest.length === 0 ? [{ holder, key }] : placesIn(holder[key], rest)));
}

/** The places of all texts of an object but those of its metadata. */
export function textsIn(object: KubeObject): Field[] {
  const { metadata: _, ...rest } = object;
  return Object.keys(rest).flatMap((key) => textsAt(object, key));
}

function textsAt(holder: Record<string | number, unknown>, key: string | number): Field[] {
  const value = holder[key];
  if (typeof value === 'string') return [{ holder, key }];
  if (!isRecord(value) && !Array.isArray(value)) return [];
  return Object.keys(value).flatMap((inner) => textsAt(value as Record<string | number, unknown>, inner));
}
