import { trimGoSpace } from '../patterns/go-space.ts';
import {
  readInstructions,
  splitBlanks,
  splitQuoted,
  type Instruction,
  type PlacedInstruction,
} from './dockerfile-instructions.ts';
import { firstWord, frontendOf } from './frontend.ts';
import { platformArguments } from './platform-arguments.ts';
import { expandWord } from './shell-word.ts';

/**
 * Increase this whenever `baseReferences` would return something else for the same arguments,
 * because its results are remembered.
 */
export const BASES_FORMAT = 3;

/** What a Dockerfile is built with. */
export interface DockerfileOptions {
  buildArgs: Readonly<Record<string, string>>;
  /** The target platforms, such as `linux/amd64`: `FROM` may name another image for each. */
  platforms: readonly string[];
  /** The platform that the build runs on. */
  buildPlatform: string;
  /** The stage to build; undefined for the last. */
  target?: string | undefined;
}

/** A part of a Dockerfile that begins with `FROM`. */
export interface Stage<I extends Instruction = Instruction> {
  from: I;
  base: string;
  /** In lower case. */
  name: string | undefined;
  instructions: I[];
}

/** What `FROM` and `ARG` may use of the values that a build is given, for one of its platforms. */
export function globalValues(
  globals: readonly Instruction[],
  stages: readonly Stage[],
  platform: string,
  escape: string,
  { buildArgs, buildPlatform, target }: DockerfileOptions,
): Map<string, string> {
  const values = new Map<string, string>([
    ...Object.entries(platformArguments('TARGET', platform)),
    ...Object.entries(platformArguments('BUILD', buildPlatform)),
    ['TARGETSTAGE', target ?? stages.at(-1)?.name ?? 'default'],
  ]);
  for (const name of values.keys()) values.set(name, buildArgs[name] ?? (values.get(name) as string));
  for (const { rest } of globals) declareArguments(rest, escape, buildArgs, values);
  return values;
}

/**
 * The images that a Dockerfile uses, as BuildKit reads it: in `FROM`, `COPY --from` and
 * `RUN --mount=from=`, in the `ONBUILD` triggers of its own stages, and the frontend of a
 * `# syntax=` line. Leaves out its stages and `scratch`. What BuildKit would refuse is left out too:
 * the build will report it.
 */
export function baseReferences(text: string, options: DockerfileOptions): string[] {
  const { buildArgs, platforms } = options;
  const { escape, instructions } = readInstructions(text);
  const { globals, stages } = splitStages(instructions);
  const found = new Set<string>();
  const given = buildArgs['BUILDKIT_SYNTAX'];
  const frontend = given === undefined ? frontendOf(text) : firstWord(trimGoSpace(given));
  if (frontend) found.add(frontend);
  const names = new Set(stages.flatMap(({ name }) => name ?? []));
  for (const platform of platforms) {
    const values = globalValues(globals, stages, platform, escape, options);
    const earlier = new Map<string, Stage>();
    for (const stage of stages) {
      const base = expandOrNone(stage.base, escape, values);
      // Only earlier stages can be a base; a copy may refer to any stage.
      const parent = earlier.get(base.toLowerCase());
      if (!parent && base !== '' && base !== 'scratch') found.add(base);
      const triggers = parent ? onBuild(parent) : [];
      for (const instruction of [...triggers, ...stage.instructions]) {
        for (const source of sourcesOf(instruction)) {
          if (source !== '' && source !== 'scratch' && !names.has(source.toLowerCase())) found.add(source);
        }
      }
      if (stage.name !== undefined) earlier.set(stage.name, stage);
    }
  }
  return [...found];
}

/**
 * The images that a build uses because of `ONBUILD` instructions in an image that it is built from.
 * @param text the Dockerfile; its stages are no images
 */
export function triggeredReferences(triggers: readonly string[], text: string): string[] {
  if (triggers.length === 0) return [];
  const names = splitStages(readInstructions(text).instructions).stages.map(({ name }) => name);
  const found = triggers.flatMap((trigger) => readInstructions(trigger).instructions.flatMap(sourcesOf));
  return [...new Set(found)].filter(
    (source) => source !== '' && source !== 'scratch' && !names.includes(source.toLowerCase()),
  );
}

/** The `ARG`s before the first `FROM`, and the stages. */
export function splitStages<I extends Instruction>(instructions: readonly I[]): { globals: I[]; stages: Stage<I>[] } {
  const globals: I[] = [];
  const stages: Stage<I>[] = [];
  for (const instruction of instructions) {
    const current = stages.at(-1);
    if (instruction.keyword === 'FROM') {
      const [base = '', as = '', name = ''] = splitBlanks(instruction.rest);
      const isNamed = as.toLowerCase() === 'as' && name !== '';
      stages.push({ from: instruction, base, name: isNamed ? name.toLowerCase() : undefined, instructions: [] });
    } else if (current) current.instructions.push(instruction);
    else if (instruction.keyword === 'ARG') globals.push(instruction);
  }
  return { globals, stages };
}

/** A value that is given for an argument is used as it is; a default is expanded. */
export function declareArguments(
  rest: string,
  escape: string,
  buildArgs: Readonly<Record<string, string>>,
  values: Map<string, string>,
): void {
  for (const word of splitQuoted(rest, escape)) {
    const at = word.indexOf('=');
    const name = at === -1 ? word : word.slice(0, at);
    const value = buildArgs[name] ?? (at === -1 ? undefined : expandOrNone(word.slice(at + 1), escape, values));
    if (value !== undefined) values.set(name, value);
  }
}

export function expandOrNone(text: string, escape: string, values: ReadonlyMap<string, string>): string {
  try {
    return expandWord(text, { escape, values });
  } catch {
    return ''; // BuildKit will refuse it
  }
}

/**
 * The triggers that run in a stage whose base is this one. BuildKit reads each as a Dockerfile of its
 * own, in which `\` is the escape character.
 */
export function onBuild({ instructions }: Pick<Stage, 'instructions'>): PlacedInstruction[] {
  const triggers = instructions.filter(({ keyword }) => keyword === 'ONBUILD');
  return triggers.flatMap(({ rest }) => readInstructions(rest).instructions);
}

/** Images or stages that an instruction copies or mounts files from. Numbers are stages. */
function sourcesOf({ keyword, flags }: Instruction): string[] {
  const values = (name: string) =>
    flags.filter((flag) => flag.startsWith(`${name}=`)).map((flag) => flag.slice(name.length + 1));
  if (keyword === 'COPY') return values('--from').filter((from) => !from.includes('$') && !isStageNumber(from));
  if (keyword !== 'RUN') return [];
  return values('--mount').flatMap((mount) => mountFields(mount)['from'] ?? []);
}

/** A number that is too large for a computer is a name for BuildKit. */
function isStageNumber(text: string): boolean {
  return /^[+-]?\d+$/.test(text) && Number.isSafeInteger(Number(text));
}

/** The fields of a `--mount`, by name in lower case; those without a value are empty. */
export function mountFields(mount: string): Record<string, string> {
  const pairs = fieldsOf(mount).map((field): [string, string] => {
    const [, name = '', value = ''] = /^([^=]*)=?([^]*)$/.exec(field) ?? [];
    return [name.toLowerCase(), value];
  });
  return Object.fromEntries(pairs);
}

/** The fields of a line of CSV: a quoted field may contain commas, and `""` for a quote. */
function fieldsOf(line: string): string[] {
  return (line.match(/(?:^|,)(?:"(?:[^"]|"")*"|[^,]*)/g) ?? []).map((field) => {
    const content = field.replace(/^,/, '');
    return content.startsWith('"') ? content.slice(1, -1).replaceAll('""', '"') : content;
  });
}
