import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageConfig } from '../config/config.ts';
import { sha256 } from '../core/digest.ts';
import { keep, recall } from '../machine/remembered-answer.ts';
import type { Session } from '../session.ts';
import { findingsOf, useOf } from './audit-image.ts';
import { contextFacts, type LargeThing } from './context-facts.ts';
import { decideIgnores, type Proposal } from './decide-ignores.ts';
import type { Finding } from './finding.ts';
import { judgeSecretName } from './judge-secrets.ts';
import type { Measured } from './predict-transfer.ts';
import { placeIn, readImage, type ReadImage } from './read-image.ts';

/** Increase this whenever the proposal for the same files would be another one. */
const FORMAT = 1;

/** What an audit says about one image. */
export interface ImageAudit extends Measured {
  image: string;
  findings: Finding[];
  /** What is largest at the top of the context. */
  largest: LargeThing[];
  /** Lines for its ignore file, simulated; images with the same ignore file have the same. */
  proposal: ProposedChange | null;
}

/** Lines that an ignore file should have. */
export interface ProposedChange extends Omit<Proposal, 'lines'> {
  /** Relative to the configuration's directory. */
  file: string;
  lines: string[];
  /** Whether they are in the file now. */
  isWritten: boolean;
}

/**
 * Looks for what is wrong with contexts and Dockerfiles. Changes nothing unless it is to fix ignore
 * files: then it adds lines at their ends.
 */
export async function audit(session: Session, images: readonly ImageConfig[], fix: boolean): Promise<ImageAudit[]> {
  const { config } = session;
  // Images that are not asked for may need what an ignore file of those would leave out.
  const contexts = new Set(images.map(({ context }) => context));
  const read: ReadImage[] = [];
  for (const image of config.images.filter(({ context }) => contexts.has(context)))
    read.push(await readImage(session, image));
  const proposals = new Map<string, Proposal>();
  for (const [file, sharing] of Map.groupBy(read, ({ ignoreFile }) => ignoreFile))
    proposals.set(file, propose(session, file, sharing as [ReadImage, ...ReadImage[]]));
  const asked = read.filter(({ image }) => images.includes(image));
  const written = new Set<string>();
  if (fix)
    for (const { ignoreFile } of asked) {
      const lines = proposals.get(ignoreFile)?.lines ?? [];
      if (lines.length > 0 && !written.has(ignoreFile)) {
        appendLines(
          ignoreFile,
          lines.map(({ line }) => line),
        );
        written.add(ignoreFile);
      }
    }
  return Promise.all(
    asked.map(async (each) => auditImage(session, each, proposals.get(each.ignoreFile), written.has(each.ignoreFile))),
  );
}

/** Lines for an ignore file, decided again only if the context or what images take has changed. */
function propose(session: Session, file: string, sharing: readonly [ReadImage, ...ReadImage[]]): Proposal {
  const { context, ignore } = sharing[0].observed;
  const uses = sharing.map((each) => useOf(session, each));
  const path = join(session.config.stateDirectory, 'audit', `${sha256(file).slice(0, 16)}.lines.json`);
  const question = [FORMAT, context.files.digest, ignore, uses];
  const known = recall<Proposal>(path, question);
  const proposal = known ?? decideIgnores(context.rows(), ignore, uses, (name) => judgeSecretName(name) !== undefined);
  if (!known) keep(path, question, proposal);
  return proposal;
}

async function auditImage(
  session: Session,
  read: ReadImage,
  proposal: Proposal | undefined,
  isWritten: boolean,
): Promise<ImageAudit> {
  const file = placeIn(session, read.ignoreFile);
  const { lines = [], ...weights } = proposal ?? {};
  const proposed = lines.map(({ rule, line, reason, bytes }): Finding => ({
    rule,
    place: file,
    message: `${reason}: add \`${line}\``,
    bytes,
  }));
  const { measured, secrets, largest } = contextFacts(session, read);
  const ignored = session.config.audit.ignore;
  return {
    image: read.image.name,
    ...measured,
    findings: [...proposed, ...(await findingsOf(session, read, secrets))].filter(
      ({ rule }) => !ignored.includes(rule),
    ),
    largest,
    proposal:
      proposal === undefined || lines.length === 0
        ? null
        : { file, lines: lines.map(({ line }) => line), isWritten, ...(weights as Omit<Proposal, 'lines'>) },
  };
}

/** Adds lines to an ignore file. What is there stays as it is. */
function appendLines(file: string, lines: readonly string[]): void {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const start = text === '' || text.endsWith('\n') ? '' : '\n';
  appendFileSync(file, `${start}${lines.join('\n')}\n`);
}
