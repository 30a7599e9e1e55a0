import type { KubeObject } from '../kubernetes/api.ts';
import { builtInKind } from '../kubernetes/built-in-kind.ts';
import { containersOf, isRecord, podTemplates, recordsIn, type Container, type Path } from './pod-templates.ts';
import { removedApi } from './removed-api.ts';

/** Why a value cannot be applied, and at which of its fields. */
export interface ObjectProblem {
  path: Path;
  message: string;
}

/** Why a value cannot be applied, as far as that can be told without a server. */
export function problemsOf(value: unknown): ObjectProblem[] {
  const problem = missingPart(value);
  if (problem) return [problem];
  const object = value as KubeObject;
  const removed = removedApi(object.apiVersion, object.kind);
  if (removed !== undefined) return [{ path: ['apiVersion'], message: removed }];
  if (builtInKind(object) === undefined) return []; // only its own server knows
  return podTemplates(object).flatMap(({ path, template }) =>
    containersOf(template).flatMap(({ path: within, container }) => repeated(container, [...path, ...within])),
  );
}

/** What every object has, and this one has not. */
function missingPart(value: unknown): ObjectProblem | undefined {
  if (!isRecord(value)) return { path: [], message: 'expected an object' };
  const { apiVersion, kind, metadata } = value;
  if (typeof apiVersion !== 'string' || apiVersion === '')
    return { path: ['apiVersion'], message: 'expected `apiVersion`' };
  if (apiVersion.split('/').length > 2)
    return { path: ['apiVersion'], message: `expected an \`apiVersion\` such as \`apps/v1\`, found \`${apiVersion}\`` };
  if (typeof kind !== 'string' || kind === '') return { path: ['kind'], message: 'expected `kind`' };
  const { name, generateName } = isRecord(metadata) ? metadata : {};
  if (typeof name === 'string' && name !== '') return undefined;
  if (typeof name === 'number' || typeof name === 'boolean')
    return {
      path: ['metadata', 'name'],
      message: `\`metadata.name\` is the ${typeof name} ${String(name)}; put it in quotes`,
    };
  if (generateName === undefined) return { path: ['metadata'], message: 'expected `metadata.name`' };
  const message = `\`generateName\` cannot be applied, because each run would add another ${kind}: use \`name\``;
  return { path: ['metadata', 'generateName'], message };
}

/** Server-side apply refuses a list with two entries of the same key. */
function repeated(container: Container, path: Path): ObjectProblem[] {
  const name = container.name ?? '';
  const variables = recordsIn(container.env).map(({ record, index }) => ({ key: String(record['name']), index }));
  const ports = recordsIn(container.ports).map(({ record, index }) => ({
    key: `${String(record['containerPort'])}/${typeof record['protocol'] === 'string' ? record['protocol'] : 'TCP'}`,
    index,
  }));
  return [
    ...secondOf(variables).map(({ key, index }) => ({
      path: [...path, 'env', index],
      message: `container ${name} has the variable ${key} twice in \`env\``,
    })),
    ...secondOf(ports).map(({ key, index }) => ({
      path: [...path, 'ports', index],
      message: `container ${name} has the port ${key} twice in \`ports\``,
    })),
  ];
}

function secondOf<T extends { key: string }>(entries: readonly T[]): T[] {
  return entries.filter(({ key }, at) => entries.findIndex((other) => other.key === key) < at);
}
