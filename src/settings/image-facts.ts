/*
 * What is true about an image without being one of its inputs. Types of their own keep facts and
 * names away from the inputs: neither ever makes an image stale.
 */

/** The facts that the configuration can name. */
export const FACT_NAMES = ['commit', 'commit-time', 'version', 'branch', 'source', 'build-time'] as const;
export type FactName = (typeof FACT_NAMES)[number];

/** How a fact gets into an image. An `arg` is for compilers: the steps that use it run again. */
export const STAMP_WAYS = ['env', 'label', 'file', 'arg'] as const;
export type StampWay = (typeof STAMP_WAYS)[number];

/** A fact that a build puts into its image. */
export interface Stamp {
  /** The name of the variable, label or build argument; the path of the file. */
  name: string;
  fact: FactName;
  as: StampWay;
}

export type RawStamps = Record<string, FactName | { fact: FactName; as?: StampWay }>;

const VARIABLE = /^[A-Za-z_]\w*$/;

/** The stamps of an image. Without `as`, the form of the name decides. */
export function resolveStamps(
  raw: RawStamps = {},
  buildArgs: object,
  place: string,
  problems: { path: string; message: string }[],
): Stamp[] {
  return Object.entries(raw).map(([name, value]) => {
    const { fact, as = wayFor(name) } = typeof value === 'string' ? { fact: value } : value;
    const expected = expectedName(name, as);
    const path = `${place}.${name}`;
    if (expected !== undefined) problems.push({ path, message: expected });
    if (as === 'arg' && name in buildArgs)
      problems.push({ path, message: `expected a name of its own, found that of \`buildArgs.${name}\`` });
    return { name, fact, as };
  });
}

function wayFor(name: string): StampWay {
  if (name.startsWith('/')) return 'file';
  return VARIABLE.test(name) ? 'env' : 'label';
}

/** What is wrong with a name; undefined if nothing is. */
function expectedName(name: string, as: StampWay): string | undefined {
  if (as === 'file')
    return /^(\/[\w.@+-]+)+$/.test(name) ? undefined : 'expected an absolute path of letters, digits and `._@+-`';
  if (as !== 'label') return VARIABLE.test(name) ? undefined : 'expected the name of a variable';
  if (name.startsWith('dev.kind-harness.')) return 'expected another label: these are those of the harness itself';
  return /^[A-Za-z0-9][\w./-]*$/.test(name) ? undefined : 'expected the name of a label';
}

/** What a name can contain in braces. */
const TAG_PLACEHOLDERS = ['commit', 'version', 'branch', 'dockerfile', 'inputs'] as const;

/** The templates of an image's further names, after a check. */
export function resolveTags(
  raw: string[] = [],
  place: string,
  problems: { path: string; message: string }[],
): string[] {
  const expected = TAG_PLACEHOLDERS.map((name) => `\`{${name}}\``).join(', ');
  for (const [index, template] of raw.entries()) {
    const path = `${place}[${index}]`;
    const unknown = [...template.matchAll(/\{[^{}]*\}/g)].find(
      ([all]) => !TAG_PLACEHOLDERS.some((name) => all === `{${name}}`),
    );
    if (unknown) problems.push({ path, message: `expected ${expected}, found \`${unknown[0]}\`` });
    else if (!/^\w[\w.-]{0,127}$/.test(template.replaceAll(/\{\w+\}/g, 'x')))
      problems.push({ path, message: 'expected a tag such as `latest` or `git-{commit}`' });
  }
  return raw;
}
