import * as v from 'valibot';
import { AUDIT_RULES, TRANSPORTS } from './config.ts';
import type { HarnessConfig } from './define.ts';
import { deploy } from './schema-deploy.ts';
import { bytes, image, reference } from '../settings/schema-image.ts';
import {
  argv,
  fromEnvironment,
  globs,
  label,
  object,
  record,
  text,
  timeout,
  variable,
} from '../settings/schema-parts.ts';

const imageName = v.pipe(
  text,
  v.regex(
    /^[a-z0-9]+([._-][a-z0-9]+)*$/,
    'expected lower-case letters and digits, with single `.`, `_` or `-` between them',
  ),
);

const host = v.pipe(
  text,
  v.regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d+)?$/i, 'expected the host of a registry, such as `docker.io`'),
);

const mirrors = v.array(
  v.union(
    [host, object({ host, from: v.pipe(text, v.regex(/^https?:\/\/[^\s/]+\/?$/, 'expected a URL')) })],
    'expected the host of a registry, such as `docker.io`, or `{ host: "ghcr.io", from: "https://…" }`',
  ),
  'expected an array of hosts of registries',
);

const port = v.pipe(
  v.number('expected a port'),
  v.integer('expected a port'),
  v.minValue(1, 'expected a port of 1 or more'),
  v.maxValue(65_535, 'expected a port of 65535 or less'),
);

const service = object({
  image: reference,
  ports: v.pipe(v.array(port, 'expected an array of ports'), v.minLength(1, 'expected at least one port')),
  env: v.optional(
    record(
      variable,
      v.union([v.string(), fromEnvironment], 'expected a string or `{ env: "NAME" }`'),
      'expected an object of values by name',
    ),
  ),
  command: v.optional(argv),
  ready: v.optional(
    v.union([object({ log: text }), object({ http: text })], 'expected `{ log: "words" }` or `{ http: "/path" }`'),
  ),
});

const images = record(imageName, image, 'expected an object of images by name');

const profileName = v.pipe(
  text,
  v.regex(/^[A-Za-z0-9][\w.-]*$/, 'expected letters, digits, `.`, `_` and `-`, a letter or digit first'),
);

/** The shape of a configuration; the JSON schema is generated from it. */
export const schema = object({
  $schema: v.optional(v.string('expected a string')),
  project: v.optional(label),
  namespace: v.optional(label),
  cluster: v.optional(
    object({
      name: v.optional(label),
      nodes: v.optional(
        v.pipe(
          v.number('expected a number'),
          v.integer('expected a whole number'),
          v.minValue(1, 'expected 1 or more'),
          v.maxValue(20, 'expected 20 or less'),
        ),
      ),
      config: v.optional(text),
      nodeImage: v.optional(reference),
    }),
  ),
  images: v.optional(images),
  profiles: v.optional(
    record(profileName, object({ images: v.optional(images) }), 'expected an object of profiles by name'),
  ),
  load: v.optional(
    object({
      transport: v.optional(v.picklist(TRANSPORTS, `expected ${TRANSPORTS.map((name) => `\`${name}\``).join(', ')}`)),
    }),
  ),
  registry: v.optional(object({ keep: v.optional(v.boolean('expected true or false')), mirrors: v.optional(mirrors) })),
  services: v.optional(record(label, service, 'expected an object of services by name')),
  manifests: v.optional(globs),
  deploy: v.optional(deploy),
  tests: v.optional(
    object({
      command: v.optional(argv),
      vitest: v.optional(
        object({ config: v.optional(text), args: v.optional(v.array(text, 'expected an array of strings')) }),
      ),
      cache: v.optional(
        v.union(
          [
            v.boolean(),
            object({
              files: v.optional(v.array(text, 'expected an array of globs')),
              env: v.optional(v.array(variable, 'expected an array of names of environment variables')),
            }),
          ],
          'expected true, false or `{ files: […], env: […] }`',
        ),
      ),
    }),
  ),
  audit: v.optional(
    object({
      maxContext: v.optional(bytes),
      ignore: v.optional(
        v.array(
          v.picklist(AUDIT_RULES, `expected a rule of \`harness audit\`: ${AUDIT_RULES.join(', ')}`),
          'expected an array of rules',
        ),
      ),
    }),
  ),
  timeouts: v.optional(
    object({ cluster: v.optional(timeout), deploy: v.optional(timeout), service: v.optional(timeout) }),
  ),
});

/** One problem of a configuration: its place, and what was expected there. */
export interface Problem {
  /** Path of keys in the file, such as `images.api.context`; empty for the whole file. */
  path: string;
  message: string;
}

/** Checks the shape of a configuration file's content. @returns every problem at once */
export function checkShape(
  raw: unknown,
): { config: HarnessConfig; problems: [] } | { config?: undefined; problems: Problem[] } {
  const result = v.safeParse(schema, raw);
  if (result.success) return { config: result.output as HarnessConfig, problems: [] };
  return { problems: result.issues.map((issue) => ({ path: pathOf(issue), message: issue.message })) };
}

/** Steps are counted in brackets, as in messages about a deployment: `deploy[0].helm.chart`. */
function pathOf(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue) ?? '';
  return /^deploy\b/.test(path) ? path.replaceAll(/\.(\d+)(?=\.|$)/g, '[$1]') : path;
}
