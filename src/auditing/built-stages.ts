import { posix } from 'node:path';
import {
  readInstructions,
  splitBlanks,
  splitQuoted,
  type PlacedInstruction,
} from '../freshness/dockerfile-instructions.ts';
import {
  declareArguments,
  expandOrNone,
  globalValues,
  mountFields,
  onBuild,
  splitStages,
  type DockerfileOptions,
  type Stage,
} from '../freshness/dockerfile.ts';

/** A step of a stage, with what its words stand for. */
export interface Step extends PlacedInstruction {
  /** Replaces variables. Undefined if a variable's value is not in the Dockerfile. */
  expand: (word: string) => string | undefined;
  /** Whether it comes from a base image: an `ONBUILD` instruction. Its line is that of `FROM`. */
  isTriggered: boolean;
}

/** A stage that a build runs. */
export interface BuiltStage {
  /** As `FROM` names it, with variables replaced. */
  base: string;
  /** The stage that it starts from, if the base is one. */
  parent: BuiltStage | undefined;
  /** The line of its `FROM`, counted from 0. */
  line: number;
  steps: Step[];
}

/** A path of the context that a step takes. */
export interface TakenPath {
  /** Without a slash at its beginning; empty for the whole context. May have wildcards. */
  path: string;
  /** The line of the step, counted from 0. */
  line: number;
}

interface OpenStage extends BuiltStage {
  stage: Stage<PlacedInstruction>;
  /** The values of `ENV`, which stages that start from this one inherit. */
  env: Map<string, string>;
}

/**
 * The stages that a build of the target runs, as BuildKit chooses them; the target is the last one.
 * @param triggers the `ONBUILD` instructions of base images, by the reference in `FROM`
 * @returns an empty list if there is no such stage
 */
export function builtStages(
  text: string,
  options: DockerfileOptions,
  triggers: (base: string) => readonly string[] = () => [],
): BuiltStage[] {
  const { escape, instructions } = readInstructions(text);
  const { globals, stages } = splitStages(instructions);
  const platform = options.platforms[0] ?? options.buildPlatform;
  const values = globalValues(globals, stages, platform, escape, options);
  const opened: OpenStage[] = [];
  for (const stage of stages) {
    const base = expandOrNone(stage.base, escape, values);
    const parent = opened.findLast(
      (other) => other.stage.name !== undefined && other.stage.name === base.toLowerCase(),
    );
    const env = new Map(parent?.env ?? []);
    const inherited = parent
      ? onBuild(parent.stage)
      : triggers(base).flatMap((text) => readInstructions(text).instructions);
    const steps = readSteps(
      [
        ...inherited.map((step) => ({ ...step, line: stage.from.line, end: stage.from.end, isTriggered: true })),
        ...stage.instructions.map((step) => ({ ...step, isTriggered: false })),
      ],
      { escape, env, globals: values, buildArgs: options.buildArgs },
    );
    opened.push({ base, parent, line: stage.from.line, steps, stage, env });
  }
  const { target } = options;
  return neededBy(target === undefined ? opened.at(-1) : findStage(opened, target), opened);
}

interface Values {
  escape: string;
  /** Changed by each `ENV`. */
  env: Map<string, string>;
  globals: ReadonlyMap<string, string>;
  buildArgs: Readonly<Record<string, string>>;
}

function readSteps(
  instructions: readonly (PlacedInstruction & { isTriggered: boolean })[],
  { escape, env, globals, buildArgs }: Values,
): Step[] {
  const args = new Map<string, string>();
  return instructions.map((instruction) => {
    const { keyword, rest } = instruction;
    const values = new Map([...args, ...env]);
    if (keyword === 'ARG') {
      for (const word of splitBlanks(rest)) {
        const inherited = globals.get(word);
        if (inherited !== undefined) args.set(word, inherited);
      }
      const declared = new Map(values);
      declareArguments(rest, escape, buildArgs, declared);
      for (const [name, value] of declared) if (!env.has(name)) args.set(name, value);
    }
    if (keyword === 'ENV') {
      const set = withEquals(rest);
      declareArguments(set, escape, {}, values);
      for (const word of splitQuoted(set, escape)) {
        const name = word.replace(/=[^]*$/, '');
        env.set(name, values.get(name) ?? '');
      }
    }
    const known = new Map([...args, ...env]);
    return { ...instruction, expand: (word) => expandKnown(word, escape, known) };
  });
}

/** `ENV NAME value`, the old form, as `NAME="value"`. */
function withEquals(rest: string): string {
  const [, name, value] = /^([^\s=]+)\s+([^]*)$/.exec(rest) ?? [];
  return name === undefined ? rest : `${name}="${value}"`;
}

function expandKnown(word: string, escape: string, values: ReadonlyMap<string, string>): string | undefined {
  const names = [...word.matchAll(/\$\{?(\w+)/g)].map(([, name]) => name as string);
  return names.every((name) => values.has(name)) ? expandOrNone(word, escape, values) : undefined;
}

function findStage(stages: readonly OpenStage[], name: string): OpenStage | undefined {
  const named = stages.findLast(({ stage }) => stage.name === name.toLowerCase());
  return named ?? (/^\d+$/.test(name) ? stages[Number(name)] : undefined);
}

/** A stage and those that it starts from, copies from or mounts, in the order of the Dockerfile. */
function neededBy(target: OpenStage | undefined, stages: readonly OpenStage[]): BuiltStage[] {
  const needed = new Set<OpenStage>();
  const include = (stage: OpenStage | undefined) => {
    if (!stage || needed.has(stage)) return;
    needed.add(stage);
    include(stages.find((other) => other === stage.parent));
    for (const step of stage.steps) for (const from of sourceStages(step)) include(findStage(stages, from));
  };
  include(target);
  return stages.filter((stage) => needed.has(stage));
}

function sourceStages(step: Step): string[] {
  if (step.keyword === 'COPY') return flagValues(step, 'from').map((from) => step.expand(from) ?? from);
  return step.keyword === 'RUN' ? mountsOf(step).flatMap(({ from }) => from ?? []) : [];
}

function flagValues({ flags }: Step, name: string): string[] {
  return flags.flatMap((flag) => (flag.startsWith(`--${name}=`) ? [flag.slice(name.length + 3)] : []));
}

/** The mounts of a `RUN`. */
export function mountsOf(step: Step): Record<string, string>[] {
  return flagValues(step, 'mount').map(mountFields);
}

/** What a step takes from the build context. */
export function takenBy(step: Step): TakenPath[] {
  const taken = (word: string): TakenPath => ({
    path: inContext(step.expand(word) ?? knownPart(word)),
    line: step.line,
  });
  if (step.keyword === 'RUN') {
    const binds = mountsOf(step).filter(({ type = 'bind', from = '' }) => type === 'bind' && from === '');
    return binds.map((mount) => taken(mount['source'] ?? mount['src'] ?? ''));
  }
  if (step.keyword !== 'COPY' && step.keyword !== 'ADD') return [];
  if (flagValues(step, 'from').length > 0) return [];
  const words = stringArray(step.rest) ?? splitBlanks(step.rest);
  return words
    .slice(0, -1)
    .filter((word) => !word.startsWith('<<') && !(step.keyword === 'ADD' && isRemote(step.expand(word) ?? word)))
    .map(taken);
}

/** A path as BuildKit asks for it: no path leaves the context. */
function inContext(path: string): string {
  return posix.join('/', path).replace(/^\//, '').replace(/\/$/, '');
}

/** The directories before the first variable. */
function knownPart(word: string): string {
  return word.slice(0, word.lastIndexOf('/', word.indexOf('$')) + 1);
}

function isRemote(source: string): boolean {
  return /^(https?:\/\/|git:\/\/|git@|ssh:\/\/)/.test(source) || /^github\.com\//.test(source);
}

function stringArray(text: string): string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  try {
    const value = JSON.parse(text) as unknown;
    return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined;
  } catch {
    return undefined;
  }
}
