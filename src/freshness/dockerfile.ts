import { createRequire } from 'node:module';
import type { From, Instruction, ModifiableInstruction, ParserDirective, PropertyInstruction } from 'dockerfile-ast';
import { NATIVE_PLATFORM } from '../docker/platform.ts';

/**
 * Goes up whenever `baseReferences` would answer anything else to the same question: its answers
 * are remembered.
 */
export const BASES_FORMAT = 1;

/**
 * The images that a Dockerfile starts from, as Docker reads them: `ARG`s before the first `FROM`
 * filled in from the build arguments or their defaults, names of earlier stages and `scratch` left
 * out, images of `COPY --from=` and `RUN --mount=from=` included, and the frontend that a `#
 * syntax=` line names.
 * @param platforms what is built for, such as `linux/amd64`: `FROM` may name another image for each
 */
export function baseReferences(
  text: string,
  buildArgs: Readonly<Record<string, string>>,
  platforms: readonly string[],
): string[] {
  // Here, because loading it takes longer than the rest of a check, and what a Dockerfile says is
  // remembered.
  const { DockerfileParser } = createRequire(import.meta.url)('dockerfile-ast') as typeof import('dockerfile-ast');
  const dockerfile = DockerfileParser.parse(text);
  const found = new Set<string>();
  const syntax = buildArgs['BUILDKIT_SYNTAX'] ?? frontendOf(text, dockerfile.getDirectives());
  if (syntax) found.add(syntax);
  for (const platform of platforms) {
    const values = initialValues(dockerfile.getInitialARGs(), buildArgs, platform);
    const stages = new Set<string>();
    const add = (written: string | null | undefined) => {
      const reference = fill(written ?? '', values);
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
        takenFrom(instruction).forEach(add);
      }
    }
  }
  return [...found];
}

/** What a `# syntax=` line names, or a `// syntax=` on the first line: the first word counts. */
function frontendOf(text: string, directives: readonly ParserDirective[]): string | undefined {
  const written = directives.find((directive) => directive.getName().toLowerCase() === 'syntax')?.getValue();
  return written?.split(/\s/)[0] ?? /^\/\/\s*syntax\s*=\s*(\S+)/i.exec(text)?.[1];
}

/** What `ARG`s before the first `FROM` stand for. */
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

function platformArguments(whose: 'TARGET' | 'BUILD', platform: string): Record<string, string> {
  const [os = '', architecture = '', variant = ''] = platform.split('/');
  return {
    [`${whose}PLATFORM`]: platform,
    [`${whose}OS`]: os,
    [`${whose}ARCH`]: architecture,
    [`${whose}VARIANT`]: variant,
  };
}

/** Images or stages that an instruction takes files from. */
function takenFrom(instruction: Instruction): (string | undefined)[] {
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
 * `$NAME`, `${NAME}`, `${NAME:-word}`, `${NAME%pattern}` and their like: what Docker knows of a
 * shell's expansion here.
 */
function fill(text: string, values: ReadonlyMap<string, string>): string {
  // The innermost first, for a word may hold further ones.
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
 * A shell's `${NAME%pattern}` and its kin: what the pattern matches is cut off the end or the
 * beginning, or replaced.
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
