import { join } from 'node:path';
import { canonicalName } from '../docker/reference.ts';
import type { Session } from '../session.ts';
import type { SecretFile } from './context-facts.ts';
import { patternFilter } from './context-files.ts';
import type { ContextUse } from './decide-ignores.ts';
import type { Finding, Rule } from './finding.ts';
import { followLinks } from './follow-links.ts';
import { judgeDockerfile } from './judge-dockerfile.ts';
import { outsideChecks } from './outside-checks.ts';
import { placeIn, type ReadImage } from './read-image.ts';
import { unmatchedLines } from './unmatched-lines.ts';

/** What an image names in its context, for proposals. */
export function useOf(session: Session, { image, stages, taken }: ReadImage): ContextUse {
  const sweep = taken.find(({ path }) => path === '');
  const named = taken.filter(({ path }) => path !== '').map(({ path }) => path);
  const patterns = followLinks(image.context, named);
  return {
    image: image.name,
    named: patterns ?? ['.'],
    names: patterns === undefined ? () => named.length > 0 : patternFilter(patterns),
    sweep: sweep && placeIn(session, image.dockerfile, sweep.line),
    runs: stages
      .flatMap(({ steps }) => steps.filter(({ keyword }) => keyword === 'RUN').map(({ rest }) => rest))
      .join('\n'),
  };
}

/** What is wrong with a Dockerfile and its context, besides what an ignore file could leave out. */
export async function findingsOf(
  session: Session,
  read: ReadImage,
  secrets: readonly SecretFile[],
): Promise<Finding[]> {
  const { image, observed, stages, ignore, ignoreFile } = read;
  const { config, env, signal } = session;
  const at = (rule: Rule, line: number, message: string): Finding => ({
    rule,
    place: placeIn(session, image.dockerfile, line),
    message,
    bytes: 0,
  });
  const text = observed.dockerfile.toString('utf8');
  const memory = join(config.stateDirectory, 'audit');
  const outside = outsideChecks({
    path: image.dockerfile,
    text,
    context: image.context,
    target: image.target,
    buildArgs: Object.fromEntries(
      Object.entries(image.buildArgs).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
    ),
    env,
    signal,
    memory: join(memory, `${image.name}.check.json`),
    now: Date.now(),
  });
  const problems = judgeDockerfile(stages, {
    isConfigured: (base) => config.images.some(({ reference }) => canonicalName(reference) === canonicalName(base)),
    userOf: (base) => read.bases.get(base)?.user,
  });
  const unmatched = unmatchedLines(image.context, ignore, observed.context.directories()).map(
    ({ line, text }): Finding => ({
      rule: 'ignore-line',
      place: placeIn(session, ignoreFile, line - 1),
      message: `\`${text}\` matches nothing`,
      bytes: 0,
    }),
  );
  return [
    ...secrets.map((secret) => secretFinding(session, read, secret)),
    ...unmatched,
    ...problems.map(({ rule, line, message }) => at(rule, line, message)),
    ...(await outside).map(({ rule, line, message }) => at(rule, line, message)),
  ];
}

function secretFinding(
  session: Session,
  { image }: ReadImage,
  { path, what, line, isTaken, bytes }: SecretFile,
): Finding {
  const consequence = isTaken ? 'and a step copies it' : 'and no step needs it';
  const message = line === undefined ? `this looks like ${what}` : `${what} is in this file`;
  return {
    rule: line === undefined ? 'secret-file' : 'secret-content',
    place: placeIn(session, join(image.context, path), line === undefined ? undefined : line - 1),
    message: `${message}, ${consequence}; exclude it in the ignore file`,
    bytes,
  };
}
