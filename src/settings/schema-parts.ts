import * as v from 'valibot';

// What the schemas of the configuration are made of.

/** Rejects arrays first: valibot accepts one as an object with the keys 0, 1, 2. */
function noArray(message: string) {
  return v.custom<Record<string, unknown>>((value) => !Array.isArray(value), message);
}

export function object<T extends v.ObjectEntries>(entries: T) {
  const message = ({ expected }: v.StrictObjectIssue) => {
    if (expected === 'never') return 'unknown key';
    return expected === 'Object' ? 'expected an object' : 'expected a value, found none';
  };
  return v.pipe(noArray('expected an object'), v.strictObject(entries, message));
}

export function record<V extends v.GenericSchema>(key: v.GenericSchema<string, string>, value: V, message: string) {
  return v.pipe(noArray(message), v.record(key, value, message));
}

export const text = v.pipe(v.string('expected a string'), v.nonEmpty('expected a non-empty string'));

// A Kubernetes namespace, and part of host names: RFC 1123 label.
export const label = v.pipe(
  text,
  v.maxLength(50, 'expected at most 50 characters'),
  v.regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, 'expected lower-case letters, digits and `-`'),
);

export const argv = v.pipe(
  v.array(text, 'expected an array of strings, the program first'),
  v.minLength(1, 'expected at least the name of a program'),
);

export const variable = v.pipe(text, v.regex(/^[A-Za-z_]\w*$/, 'expected the name of an environment variable'));
export const fromEnvironment = object({ env: variable });

export const timeout = v.pipe(
  v.number('expected a number of seconds'),
  v.integer('expected a whole number of seconds'),
  v.minValue(1, 'expected 1 second or more'),
  v.maxValue(86_400, 'expected at most 86400 seconds, which is a day'),
);

export const globs = v.union([text, v.array(text)], 'expected a glob or an array of globs');
