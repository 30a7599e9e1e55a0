import { createRequire } from 'node:module';
import type { From, Instruction, ModifiableInstruction, ParserDirective, PropertyInstruction } from 'dockerfile-ast';
import { NATIVE_PLATFORM } from '../docker/platform.ts';

/**
 * Increase this whenever `baseReferences` would return something else for the same arguments,
 * because its results are remembered.
 */
export const BASES_FORMAT = 1;

/**
 * The images that a Dockerfile uses, as Docker reads it. Fills in `ARG`s before the first `FROM`
 * from the build arguments or their defaults. Leaves out names of earlier stages and `scratch`.
 * Includes images of `COPY --from=` and `RUN --mount=from=`, and the frontend of a `# syntax=`
 * line.
 * @param platforms the target platforms, such as `linux/amd64`: `FROM` may name another image for
 * each
 */
export function baseReferences(
  text: string,
  buildArgs: Readonly<Record<string, string>>,
  platforms: readonly string[],
): string[] {
  // Loaded here, because loading takes longer than the rest of a check and is rarely needed:
  // results are remembered.
  const { DockerfileParser } = createRequire(import.meta.url)('dockerfile-ast') as typeof import('dockerfile-ast');
  const dockerfile = DockerfileParser.parse(text);
  const found = new Set<string>();
  const syntax = buildArgs['BUILDKIT_SYNTAX'] ?? frontendOf(text, dockerfile.getDirectives());
  if (syntax) found.add(syntax);
  for (const platform of platforms) {
    const values = initialValues(dockerfile.getInitialARGs(), buildArgs, platform);
    const stages = new Set<string>();
    const add = (rawReference: string | null | undefined) => {
      const reference = fill(rawReference ?? '', values);
      if (
        reference !== '' &&
        reference !== 'scratch' &&
        !stages.has(reference.toLowerCase()) &&
        !/^\d+$/.test(reference)
      )
        found.add(reference);
    };
    for (const instruction of dockerfile.getInstructions()) {
      if (instruction.getKeyword() === 'FROM') {
        const from = instruction as From;
        add(from.getImage());
        const stage = from.getBuildStage();
        if (stage) stages.add(stage.toLowerCase());
      } else {
        copySources(instruction).forEach(add);
      }
    }
  }
  return [...found];
}

/** The first word of a `# syntax=` line, or of a `// syntax=` on the first line. */
function frontendOf(text: string, directives: readonly ParserDirective[]): string | undefined {
  const syntax = directives.find((directive) => directive.getName().toLowerCase() === 'syntax')?.getValue();
  return syntax?.split(/\s/)[0] ?? /^\/\/\s*syntax\s*=\s*(\S+)/i.exec(text)?.[1];
}

/** The values of the `ARG`s before the first `FROM`. */
function initialValues(
  args: readonly PropertyInstruction[],
  buildArgs: Readonly<Record<string, string>>,
  platform: string,
): Map<string, string> {
  const automatic = { ...platformArguments('TARGET', platform), ...platformArguments('BUILD', NATIVE_PLATFORM) };
  const values = new Map(Object.entries(automatic).map(([name, value]) => [name, buildArgs[name] ?? value]));
  for (const property of args.flatMap((arg) => arg.getProperties())) {
    const name = property.getName();
    const value = buildArgs[name] ?? property.getValue();
    if (value !== null) values.set(name, fill(value, values));
  }
  return values;
}

function platformArguments(prefix: 'TARGET' | 'BUILD', platform: string): Record<string, string> {
  const [os = '', architecture = '', variant = ''] = platform.split('/');
  return {
    [`${prefix}PLATFORM`]: platform,
    [`${prefix}OS`]: os,
    [`${prefix}ARCH`]: architecture,
    [`${prefix}VARIANT`]: variant,
  };
}

/** Images or stages that an instruction copies or mounts files from. */
function copySources(instruction: Instruction): (string | undefined)[] {
  const keyword = instruction.getKeyword();
  if (keyword !== 'COPY' && keyword !== 'RUN') return [];
  return (instruction as ModifiableInstruction).getFlags().map((flag) => {
    const value = flag.getValue() ?? '';
    if (keyword === 'COPY') return flag.getName() === 'from' ? unquoted(value) : undefined;
    const from =
      flag.getName() === 'mount' &&
      unquoted(value)
        .split(',')
        .find((option) => /^from=/i.test(option));
    return from ? from.slice('from='.length) : undefined;
  });
}

function unquoted(text: string): string {
  return text.replace(/^(["'])(.*)\1$/, '$2');
}

/**
 * Expands `$NAME`, `${NAME}`, `${NAME:-word}`, `${NAME%pattern}` and so on: the part of a shell's
 * expansion that Docker supports here.
 */
function fill(text: string, values: ReadonlyMap<string, string>): string {
  // The innermost first, because a word may contain further expansions.
  const inner = /\$(?:(\w+)|\{(\w+)(?:(:?[-+]|%%?|##?|\/\/?)([^{}]*))?\})/;
  for (let match = inner.exec(text); match; match = inner.exec(text)) {
    const [whole, plain, braced, operator = '', word = ''] = match;
    const value = values.get(plain ?? braced ?? '');
    text = text.slice(0, match.index) + expand(value, operator, word, values) + text.slice(match.index + whole.length);
  }
  return text;
}

function expand(
  value: string | undefined,
  operator: string,
  word: string,
  values: ReadonlyMap<string, string>,
): string {
  const filled = fill(word, values);
  const missing = operator.startsWith(':') ? (value ?? '') === '' : value === undefined;
  if (operator.endsWith('-')) return missing ? filled : (value ?? '');
  if (operator.endsWith('+')) return missing ? '' : filled;
  const [pattern = '', replacement = ''] = operator.startsWith('/') ? filled.split('/') : [filled];
  return cut(value ?? '', operator, pattern, replacement);
}

/**
 * A shell's `${NAME%pattern}`, `${NAME#pattern}` and `${NAME/pattern/word}`: cuts the match off the
 * end or the beginning, or replaces it.
 */
function cut(value: string, operator: string, pattern: string, replacement: string): string {
  const matches = (part: string) =>
    new RegExp(
      `^${pattern
        .replace(/[^*?\w]/g, '\\$&')
        .replaceAll('*', '.*')
        .replaceAll('?', '.')}$`,
      's',
    ).test(part);
  const lengths = [...Array(value.length + 1).keys()];
  if (operator === '%' || operator === '%%') {
    const found = (operator === '%' ? lengths : lengths.toReversed()).find((n) =>
      matches(value.slice(value.length - n)),
    );
    return value.slice(0, value.length - (found ?? 0));
  }
  if (operator === '#' || operator === '##') {
    return value.slice(
      (operator === '#' ? lengths : lengths.toReversed()).find((n) => matches(value.slice(0, n))) ?? 0,
    );
  }
  if (!operator.startsWith('/')) return value;
  for (const start of lengths) {
    const length = lengths
      .toReversed()
      .find((n) => n > 0 && start + n <= value.length && matches(value.slice(start, start + n)));
    if (length === undefined) continue;
    const rest = value.slice(start + length);
    return value.slice(0, start) + replacement + (operator === '//' ? cut(rest, operator, pattern, replacement) : rest);
  }
  return value;
}
