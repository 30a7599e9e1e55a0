import { readInstructions } from '../../src/freshness/dockerfile-instructions.ts';
import { baseReferences } from '../../src/freshness/dockerfile.ts';

export const PLATFORM = 'linux/amd64';

/**
 * What the two readers find in a Dockerfile.
 * @param question the text, and optionally buildArgs, platform, target
 * @returns missed: references that BuildKit resolves and this reader does not name. extra: the
 * opposite. misread: the first instruction with other flags or in other lines
 */
export async function compare(reader, { text, buildArgs = {}, platform = PLATFORM, target = '' }) {
  const options = { buildArgs, platforms: [platform], buildPlatform: PLATFORM };
  const ours = baseReferences(text, { ...options, target: target === '' ? undefined : target });
  const { ours: full, ...buildkit } = await reader.ask({ text, buildArgs, platform, target, ours });
  // A frontend is not brought into the full form, because only the registry interprets it.
  const theirs = [...buildkit.bases, ...buildkit.unreachable];
  const named = new Set(full ?? []);
  const missed = theirs.filter((name) => !named.has(name));
  if (buildkit.frontend && !ours.includes(buildkit.frontend)) missed.push(`the frontend ${buildkit.frontend}`);
  const extra = ours.filter((name, at) => !theirs.includes(full[at]) && name !== buildkit.frontend);
  return { ours, buildkit, missed, extra, misread: misread(text, buildkit.instructions) };
}

function misread(text, theirs) {
  // A keyword is empty after a sign of continuation alone; BuildKit refuses that.
  if (!theirs || theirs.some(({ keyword }) => keyword === '')) return undefined;
  const last = text.replace(/\n$/, '').split('\n').length;
  const ours = readInstructions(text).instructions.map(({ keyword, flags, line, end }) => ({
    keyword,
    flags,
    start: line + 1,
    end: Math.min(end, last),
  }));
  const rows = theirs.length > ours.length ? theirs : ours;
  const at = rows.findIndex((_, index) => JSON.stringify(ours[index]) !== JSON.stringify(theirs[index]));
  return at === -1 ? undefined : `${JSON.stringify(ours[at])} for ${JSON.stringify(theirs[at])}`;
}

/** Removes lines as long as the readers still differ in the same way. */
export async function shrink(reader, question, differs) {
  let lines = question.text.split('\n');
  for (let at = lines.length - 1; at >= 0; at--) {
    const fewer = lines.toSpliced(at, 1);
    if (differs(await compare(reader, { ...question, text: fewer.join('\n') }))) lines = fewer;
  }
  let buildArgs = question.buildArgs ?? {};
  for (const name of Object.keys(buildArgs)) {
    const fewer = Object.fromEntries(Object.entries(buildArgs).filter(([other]) => other !== name));
    if (differs(await compare(reader, { ...question, text: lines.join('\n'), buildArgs: fewer }))) buildArgs = fewer;
  }
  return { ...question, text: lines.join('\n'), buildArgs };
}
