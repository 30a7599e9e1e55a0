import * as v from 'valibot';
import { argv, fromEnvironment, globs, label, object, record, text, timeout } from '../settings/schema-parts.ts';

/** The kinds of steps; each step has one of these keys. */
const STEP_KINDS = ['helm', 'kustomize', 'manifests', 'command'] as const;

const release = v.pipe(
  text,
  v.maxLength(53, 'expected at most 53 characters'),
  v.regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, 'expected lower-case letters, digits, `.` and `-`'),
);

const helm = object({
  chart: text,
  release,
  repo: v.optional(text),
  version: v.optional(text),
  values: v.optional(
    v.array(
      v.union([text, record(text, v.unknown(), 'expected an object')], 'expected a file or an object of values'),
      'expected an array of files and objects',
    ),
  ),
  set: v.optional(
    record(
      text,
      v.union(
        [v.string(), v.number(), v.boolean(), fromEnvironment],
        'expected a string, a number, a boolean or `{ env: "NAME" }`',
      ),
      'expected an object of values by path',
    ),
  ),
});

const step = v.pipe(
  object({
    helm: v.optional(helm),
    kustomize: v.optional(text),
    manifests: v.optional(globs),
    command: v.optional(argv),
    inputs: v.optional(v.array(text, 'expected an array of globs')),
    namespace: v.optional(label),
    timeout: v.optional(timeout),
  }),
  v.check(
    (value) => STEP_KINDS.filter((kind) => value[kind] !== undefined).length === 1,
    ({ input }) => {
      const found = STEP_KINDS.filter((kind) => (input as Record<string, unknown>)[kind] !== undefined);
      const kinds = STEP_KINDS.map((kind) => `\`${kind}\``).join(', ');
      return `expected one of ${kinds}, found ${found.map((kind) => `\`${kind}\``).join(' and ') || 'none of them'}`;
    },
  ),
);

const steps = v.array(step, 'expected an array of steps');

const imageField = object({
  kind: v.pipe(
    text,
    v.regex(/^[A-Z]\w*(\.[a-z0-9.-]+)?$/, 'expected a kind such as `Rollout` or `Rollout.argoproj.io`'),
  ),
  path: v.pipe(
    text,
    v.regex(
      /^[^.[\]]+(\[(\*|\d+)\])*(\.[^.[\]]+(\[(\*|\d+)\])*)*$/,
      'expected a path such as `spec.containers[*].image`',
    ),
  ),
});

const form = object({
  steps: v.optional(steps),
  imageFields: v.optional(v.array(imageField, 'expected an array of `{ kind, path }`')),
  maxRestarts: v.optional(
    v.pipe(v.number('expected a number'), v.integer('expected a whole number'), v.minValue(0, 'expected 0 or more')),
  ),
  restartOnConfigChange: v.optional(v.boolean('expected true or false')),
  recreateImmutable: v.optional(v.boolean('expected true or false')),
});

/**
 * Steps, or an object with steps and settings. Lazy, because for a wrong step the message must be
 * that of the step and not that of the whole.
 */
export const deploy = v.lazy((given): v.GenericSchema<v.InferOutput<typeof steps> | v.InferOutput<typeof form>> => {
  if (given === undefined) return v.union([steps, form]); // for the JSON schema
  return Array.isArray(given) ? steps : form;
});
