import { readInstructions, type PlacedInstruction } from '../freshness/dockerfile-instructions.ts';
import {
  expandOrNone,
  globalValues,
  onBuild,
  splitStages,
  type DockerfileOptions,
  type Stage,
} from '../freshness/dockerfile.ts';
import { sealsIn } from '../freshness/judge-origin.ts';

/** An instruction of the Dockerfile that an entry of the history stands for. */
export interface PlacedEntry {
  /** Counted from 1. An instruction that a stage inherits with `ONBUILD` has the line of its `FROM`. */
  line: number;
  /** As it is written. */
  instruction: string;
}

/** Where an entry comes from; undefined if that is not known. */
export type Origin = PlacedEntry | 'base' | undefined;

/**
 * Finds the instructions that an image's history is made of, from the last one on. What is below all
 * of them is the base image. Nothing is known from the first entry on that is not what the Dockerfile
 * says: then the image was built from another one.
 * @param history the last entry first
 * @param stamps how many instructions the harness has added before its seal
 * @returns the origin of each entry
 */
export function decideLines(
  history: readonly string[],
  text: string,
  options: DockerfileOptions,
  stamps: number,
): Origin[] {
  const instructions = instructionsOf(text, options).reverse();
  const added = sealsIn(history.slice(0, 1)).length === 0 ? 0 : 1 + stamps;
  const own = history.slice(added);
  const wrong = own.findIndex((entry, index) => {
    const instruction = instructions[index];
    return instruction !== undefined && !isMadeBy(entry, instruction);
  });
  return history.map((_, index) => {
    const at = index - added;
    if (at < 0 || (wrong !== -1 && at >= wrong) || instructions.length === 0) return undefined;
    const instruction = instructions[at];
    return instruction ? placeOf(instruction) : 'base';
  });
}

function placeOf({ keyword, flags, rest, line }: PlacedInstruction): PlacedEntry {
  return { line: line + 1, instruction: [keyword, ...flags, rest].join(' ').replaceAll(/\s+/g, ' ') };
}

/** BuildKit writes the command of a `RUN` as it is, after the build arguments; the rest is expanded. */
function isMadeBy(entry: string, { keyword, rest }: PlacedInstruction): boolean {
  if (entry.split(/\s/, 1)[0] !== keyword) return false;
  const isShell = keyword === 'RUN' && !rest.startsWith('[') && !rest.includes('<<');
  return !isShell || entry.includes(rest);
}

/** The instructions with an entry in the history, of the target and the stages that it starts from. */
function instructionsOf(text: string, options: DockerfileOptions): PlacedInstruction[] {
  const { escape, instructions } = readInstructions(text);
  const { globals, stages } = splitStages(instructions);
  const platform = options.platforms[0] ?? options.buildPlatform;
  const values = globalValues(globals, stages, platform, escape, options);
  const of = (index: number): PlacedInstruction[] => {
    const stage = stages[index];
    if (!stage) return [];
    const base = expandOrNone(stage.base, escape, values).toLowerCase();
    const parent = stages.findLastIndex(({ name }, at) => at < index && name === base);
    const triggers = parent === -1 ? [] : onBuild(stages[parent] as Stage);
    const inherited = triggers.map((trigger) => ({ ...trigger, line: stage.from.line }));
    return [...of(parent), ...inherited, ...stage.instructions];
  };
  return of(targetIndex(stages, options.target)).filter(({ keyword }) => keyword !== 'ONBUILD');
}

function targetIndex(stages: readonly Stage[], target: string | undefined): number {
  if (target === undefined) return stages.length - 1;
  const named = stages.findLastIndex(({ name }) => name === target.toLowerCase());
  return named === -1 && /^\d+$/.test(target) ? Number(target) : named;
}
