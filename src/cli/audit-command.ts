import type { ImageAudit } from '../auditing/audit.ts';
import { contextBudgetError } from '../auditing/judge-budget.ts';
import { count, dataSize } from '../core/words.ts';
import type { Harness } from '../harness.ts';
import type { CommandEnd } from './command.ts';
import { columns } from './tables.ts';

/** `audit`: the findings, and an error if a context is larger than the configuration allows. */
export async function audit(harness: Harness, names: readonly string[], fix: boolean): Promise<CommandEnd> {
  const images = await harness.audit(names, { fix });
  const failure = contextBudgetError(images, harness.config.audit.maxContext);
  return { lines: images.flatMap(auditLines), more: { images }, ...(failure === undefined ? {} : { failure }) };
}

/** The audit of an image, for people. */
function auditLines({ image, findings, largest, proposal, ...sizes }: ImageAudit): string[] {
  const { contextFiles, contextBytes, reachableBytes, sentBytes } = sizes;
  const context = `${count(contextFiles, 'file')}, ${dataSize(contextBytes)}`;
  const large = largest.map(({ path, bytes }) => `${path} ${dataSize(bytes)}`).join(', ');
  return [
    `${findings.length === 0 ? '✅' : '🔶'} ${image}: context ${context}; steps can reach ${dataSize(reachableBytes)}; a first build sends ${dataSize(sentBytes)}`,
    ...(large === '' ? [] : [`     largest: ${large}`]),
    ...columns(findings.map(({ rule, place, message }) => [`     ${place}`, rule, message])),
    ...(proposal ? [`     ${proposalLine(proposal)}`] : []),
  ];
}

function proposalLine({ file, lines, isWritten, ...weights }: NonNullable<ImageAudit['proposal']>): string {
  const change = `${dataSize(weights.bytesBefore)} → ${dataSize(weights.bytesAfter)}, nothing that a step names is lost`;
  const proposed = count(lines.length, 'line');
  if (isWritten) return `${proposed} added to ${file}: ${change}`;
  return `${proposed} for ${file} would make the context smaller: ${change}; \`harness audit --fix\` adds them`;
}
