import * as v from 'valibot';
import { parseReference } from '../docker/reference.ts';
import { isByteSize } from '../core/byte-size.ts';
import { AUDIT_RULES, TRANSPORTS } from './config.ts';
import type { HarnessConfig } from './define.ts';
import { FACT_NAMES, STAMP_WAYS } from './image-facts.ts';
import { deploy } from './schema-deploy.ts';
import { argv, fromEnvironment, globs, label, object, record, text, timeout, variable } from './schema-parts.ts';

const imageName = v.pipe(
  text,
  v.regex(
    /^[a-z0-9]+([._-][a-z0-9]+)*$/,
    'expected lower-case letters and digits, with single `.`, `_` or `-` between them',
  ),
);

const reference = v.pipe(
  text,
  v.check(
    (value) => parseReference(value) !== undefined,
    'expected an image reference such as `shop/api:dev`, or a tag such as `dev`',
  ),
);

// BuildKit calls the build context itself `context`.
const contextName = v.pipe(
  text,
  v.check(
    (value) => value !== 'context' && value === value.toLowerCase() && parseReference(value) !== undefined,
    'expected a name as in `FROM`, other than `context`',
  ),
);

const platform = v.pipe(
  text,
  v.regex(/^[a-z0-9]+\/[a-z0-9]+(\/[a-z0-9]+)?$/, 'expected a platform such as `linux/amd64`'),
);

const listed = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(', ');
const fact = v.picklist(FACT_NAMES, `expected ${listed(FACT_NAMES)}`);

const stamp = v.union(
  [fact, object({ fact, as: v.optional(v.picklist(STAMP_WAYS, `expected ${listed(STAMP_WAYS)}`)) })],
  `expected ${listed(FACT_NAMES)}, or \`{ fact: "commit", as: "label" }\` with ${listed(STAMP_WAYS)}`,
);

const bytes = v.union(
  [v.pipe(v.number(), v.integer(), v.minValue(1)), v.pipe(v.string(), v.check(isByteSize))],
  "expected a number of bytes, or a size such as `'50 MB'`",
);

const image = object({
  image: v.optional(reference),
  context: v.optional(text),
  dockerfile: v.optional(text),
  target: v.optional(text),
  sources: v.optional(
    v.pipe(v.array(text, 'expected an array of patterns'), v.minLength(1, 'expected at least one pattern')),
  ),
  buildArgs: v.optional(
    record(
      text,
      v.union(
        [v.string(), v.number(), v.boolean(), fromEnvironment],
        'expected a string, a number, a boolean or `{ env: "NAME" }`',
      ),
      'expected an object',
    ),
  ),
  contexts: v.optional(
    record(contextName, text, 'expected an object: name to directory, `docker-image://` reference or URL'),
  ),
  platforms: v.optional(v.array(platform, 'expected an array of platforms')),
  secrets: v.optional(
    record(
      v.pipe(text, v.regex(/^[\w.-]+$/, 'expected letters, digits, `.`, `_` and `-`')),
      v.union([fromEnvironment, object({ file: text })], 'expected `{ env: "NAME" }` or `{ file: "path" }`'),
      'expected an object of secrets by id',
    ),
  ),
  cacheImage: v.optional(reference),
  tag: v.optional(
    v.union(
      [v.pipe(text, v.regex(/^\w[\w.-]{0,127}$/)), reference],
      'expected an image reference such as `shop/api:dev`, or a tag such as `dev`',
    ),
  ),
  tags: v.optional(v.array(text, 'expected an array of tags')),
  stamps: v.optional(record(text, stamp, 'expected an object: name to fact')),
  debianBases: v.optional(record(reference, label, 'expected an object: image reference to Debian release')),
});

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
  images: v.optional(record(imageName, image, 'expected an object of images by name')),
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
