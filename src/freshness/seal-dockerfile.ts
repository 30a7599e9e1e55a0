import { readInstructions, splitBlanks, type PlacedInstruction } from './dockerfile-instructions.ts';
import { seal } from './judge-origin.ts';

/**
 * A Dockerfile whose target stage ends with the seal of a build. The image's history then ends with
 * the seal, which is not so for an image that is built on it. No line before the stage's end moves,
 * so BuildKit's messages name the lines of the user's file.
 * @param target as `--target` takes it; undefined for the last stage
 * @param digest the inputs digest
 * @param last instructions that come just before the seal
 * @returns undefined if there is no place for it: without such a stage, which other languages of
 * frontends do not have, and after an instruction that the end of the file cuts off
 */
export function sealDockerfile(
  text: Buffer,
  target: string | undefined,
  digest: string,
  last: readonly string[] = [],
): Buffer | undefined {
  const { instructions, isCutOff } = readInstructions(text.toString('utf8'));
  const stages = instructions.filter(({ keyword }) => keyword === 'FROM');
  const stage = target === undefined ? stages.length - 1 : stageIndex(stages, target);
  const next = stages[stage + 1]?.line;
  if (stages[stage] === undefined || (next === undefined && isCutOff)) return undefined;
  // Bytes that are not text stay as they are.
  const end = next === undefined ? text.length : startOfLine(text, next);
  const newline = text.at(end - 1) === NEWLINE ? '' : '\n';
  const ending = [...last, seal(digest)].join('\n');
  return Buffer.concat([text.subarray(0, end), Buffer.from(`${newline}${ending}\n`), text.subarray(end)]);
}

const NEWLINE = 10;

/** The last stage with a name, as in BuildKit, or else the stage with that number; -1 for none. */
function stageIndex(stages: readonly PlacedInstruction[], target: string): number {
  const named = stages.findLastIndex(({ rest }) => {
    const [, as = '', name = ''] = splitBlanks(rest);
    return as.toLowerCase() === 'as' && name.toLowerCase() === target.toLowerCase();
  });
  return named === -1 && /^\d+$/.test(target) ? Number(target) : named;
}

/** The offset at which a line starts, counted from 0. */
function startOfLine(text: Buffer, line: number): number {
  let offset = 0;
  for (let i = 0; i < line; i++) offset = text.indexOf(NEWLINE, offset) + 1;
  return offset;
}
