import type { FactName, Stamp } from '../settings/image-facts.ts';
import { commitWord, UNKNOWN, type ImageFacts } from './image-facts.ts';

/** What a build puts into an image besides its inputs' result. */
export interface StampValues {
  /** Build arguments. */
  args: Record<string, string>;
  labels: Record<string, string>;
  /** Instructions for the very end of the target stage, where no step can depend on them. */
  instructions: string[];
  /** All values by the stamps' names, for the record. */
  values: Record<string, string>;
}

/** The stamps of an image that is about to be built. @param now milliseconds since the epoch */
export function stampValues(stamps: readonly Stamp[], facts: ImageFacts, now: number): StampValues {
  const stamped = stamps.map((stamp) => ({ ...stamp, value: valueOf(stamp.fact, facts, now) }));
  const as = (way: Stamp['as']) => stamped.filter((stamp) => stamp.as === way);
  const record = (some: typeof stamped) => Object.fromEntries(some.map(({ name, value }) => [name, value]));
  return {
    args: record(as('arg')),
    labels: record(as('label')),
    instructions: [
      ...as('env').map(({ name, value }) => `ENV ${name}='${value}'`),
      ...as('file').map(({ name, value }) => `COPY <<'${END}' ${name}\n${value}\n${END}`),
    ],
    values: record(stamped),
  };
}

const END = 'KIND_HARNESS_STAMP';

function valueOf(fact: FactName, facts: ImageFacts, now: number): string {
  return plain(factNow(fact, facts, now));
}

function factNow(fact: FactName, facts: ImageFacts, now: number): string {
  switch (fact) {
    case 'commit':
      return commitWord(facts);
    case 'commit-time':
      return facts.commitTime;
    case 'version':
      return facts.version === UNKNOWN || facts.dirty.length === 0 ? facts.version : `${facts.version}-dirty`;
    case 'branch':
      return facts.branch;
    case 'source':
      return facts.source;
    case 'build-time':
      return new Date(now).toISOString().replace(/\.\d+Z$/, 'Z');
  }
}

/** Without what could end the quotes or the line of an instruction. */
function plain(value: string): string {
  return value.replaceAll(/['\u0000-\u001f\u007f]/g, '_');
}
