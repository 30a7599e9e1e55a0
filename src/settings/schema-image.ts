import * as v from 'valibot';
import { isByteSize } from '../core/byte-size.ts';
import { parseReference } from '../docker/reference.ts';
import { FACT_NAMES, STAMP_WAYS } from './image-facts.ts';
import { fromEnvironment, label, object, record, text } from './schema-parts.ts';

export const reference = v.pipe(
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

const BYTES = "expected a number of bytes, or a size such as `'50 MB'`";

export const bytes = v.union(
  [v.pipe(v.number(), v.integer(BYTES), v.minValue(1, BYTES)), v.pipe(v.string(), v.check(isByteSize, BYTES))],
  BYTES,
);

const NETWORKS = ['none', 'host', 'default'] as const;

const SHM = "expected a number of bytes, or a size such as `'64m'`";

const shmSize = v.union(
  [
    v.pipe(v.number(), v.integer(SHM), v.minValue(1, SHM)),
    v.pipe(v.string(), v.regex(/^[1-9]\d* ?([kmg]i?b?|b)?$/i, SHM)),
  ],
  SHM,
);

const ssh = v.pipe(text, v.regex(/^[\w.-]+(=[^]+)?$/, 'expected `default` or `id=path`'));

/** How an image is written in the configuration. */
export const image = object({
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
  maxSize: v.optional(bytes),
  network: v.optional(v.picklist(NETWORKS, `expected ${listed(NETWORKS)}`)),
  extraHosts: v.optional(v.array(text, 'expected an array of hosts such as `db:10.0.0.5`')),
  shmSize: v.optional(shmSize),
  ssh: v.optional(v.array(ssh, 'expected an array such as `["default"]`')),
  labels: v.optional(
    record(
      v.pipe(text, v.regex(/^[^\s=]+$/, 'expected the name of a label')),
      v.union([v.string(), v.number(), v.boolean()], 'expected a string, a number or a boolean'),
      'expected an object of labels by name',
    ),
  ),
});
