/** A regular expression without groups to capture: whether a text contains a match is all that counts. */
export type Expression =
  /** One character. Sets with the same name are the same. */
  | { kind: 'set'; name: string; has: (point: number) => boolean }
  | { kind: 'assertion'; at: 'beginning' | 'end' | 'word boundary' | 'no word boundary' }
  | { kind: 'sequence' | 'choice'; parts: Expression[] }
  /** @param max Infinity for no limit */
  | { kind: 'repeat'; part: Expression; min: number; max: number };

type Instruction =
  | { kind: 'set'; set: number; next: number }
  | { kind: 'assertion'; at: 'beginning' | 'end' | 'word boundary' | 'no word boundary'; next: number }
  | { kind: 'fork'; next: number[] }
  | { kind: 'match' };

/** What is before or after a position in the text. */
type Side = 'border' | 'word' | 'other';

/** What is known about all characters that no set tells apart. */
interface CharacterClass {
  /** By the number of the set. */
  inSet: boolean[];
  side: Side;
}

/** A set of positions in the program, after some text was read. */
interface State {
  instructions: number[];
  /** The last character. */
  before: Side;
  /** The next state, by class of character; computed when it is first needed. */
  next: (State | undefined)[];
  matchesAtEnd?: boolean;
}

const NOTHING: State = { instructions: [], before: 'other', next: [], matchesAtEnd: false };
const MATCHED: State = { instructions: [], before: 'other', next: [], matchesAtEnd: true };

/** More states than that are forgotten, so that memory is bounded. */
const KEPT_STATES = 2_000;

/** More instructions than Go's library accepts. */
const MOST_INSTRUCTIONS = 3_000_000;

/**
 * Matches an expression in time that is linear in the text, whatever the expression: all ways to
 * match are followed at once. JavaScript's own RegExp tries one after another, and there are
 * patterns of ten characters for which it would take hours. States are computed once, so that an
 * ordinary text costs one look-up for each character.
 */
export class Automaton {
  readonly #program: Instruction[] = [];
  readonly #sets: { name: string; has: (point: number) => boolean }[] = [];
  readonly #setByName = new Map<string, number>();
  readonly #classes: CharacterClass[] = [];
  readonly #classByKey = new Map<string, number>();
  /** The class of each ASCII character, and of others that were seen. */
  readonly #asciiClasses = new Int32Array(128).fill(-1);
  readonly #otherClasses = new Map<number, number>();
  readonly #states = new Map<string, State>();
  readonly #start: number;
  readonly #isAnchored: boolean;
  #first: State | undefined;

  /** @throws RangeError if the expression is too large */
  constructor(expression: Expression) {
    this.#start = this.#compile(expression, this.#add({ kind: 'match' }));
    const first = this.#program[this.#start];
    this.#isAnchored = first?.kind === 'assertion' && first.at === 'beginning';
  }

  /** Whether any part of the text matches. */
  test(text: string): boolean {
    let state = (this.#first ??= this.#state([this.#start], 'border'));
    for (let at = 0; at < text.length; at++) {
      let point = text.charCodeAt(at);
      if (point >= 0xd800) {
        point = text.codePointAt(at) ?? point;
        if (point > 0xffff) at++;
      }
      const known = point < 128 ? (this.#asciiClasses[point] as number) : -1;
      const characters = known >= 0 ? known : this.#classOf(point);
      state = state.next[characters] ?? this.#step(state, characters);
      if (state === NOTHING || state === MATCHED) break;
    }
    return (state.matchesAtEnd ??= this.#follow(state, 'border').isMatch);
  }

  #add(instruction: Instruction): number {
    if (this.#program.length > MOST_INSTRUCTIONS) throw new RangeError('the expression is too large');
    return this.#program.push(instruction) - 1;
  }

  /** Adds the instructions of an expression. @returns the first one; the last one leads to `next` */
  #compile(expression: Expression, next: number): number {
    switch (expression.kind) {
      case 'set':
        return this.#add({ kind: 'set', set: this.#setOf(expression), next });
      case 'assertion':
        return this.#add({ kind: 'assertion', at: expression.at, next });
      case 'sequence':
        return expression.parts.reduceRight((after, part) => this.#compile(part, after), next);
      case 'choice':
        return this.#add({ kind: 'fork', next: expression.parts.map((part) => this.#compile(part, next)) });
      case 'repeat': {
        const { part, min, max } = expression;
        let first = max === Infinity ? this.#loop(part, next) : next;
        for (let optional = min; optional < max && max !== Infinity; optional++)
          first = this.#add({ kind: 'fork', next: [this.#compile(part, first), next] });
        for (let required = 0; required < min; required++) first = this.#compile(part, first);
        return first;
      }
    }
  }

  #loop(part: Expression, next: number): number {
    const ways = [next];
    const fork = this.#add({ kind: 'fork', next: ways });
    ways.push(this.#compile(part, fork));
    return fork;
  }

  #setOf({ name, has }: { name: string; has: (point: number) => boolean }): number {
    const known = this.#setByName.get(name);
    if (known !== undefined) return known;
    this.#setByName.set(name, this.#sets.length);
    return this.#sets.push({ name, has }) - 1;
  }

  #classOf(point: number): number {
    const seen = this.#otherClasses.get(point);
    if (seen !== undefined) return seen;
    const inSet = this.#sets.map(({ has }) => has(point));
    const side = isWord(point) ? 'word' : 'other';
    const key = `${side} ${inSet.map(Number).join('')}`;
    const known = this.#classByKey.get(key) ?? this.#classes.push({ inSet, side }) - 1;
    this.#classByKey.set(key, known);
    if (point < 128) this.#asciiClasses[point] = known;
    else this.#otherClasses.set(point, known);
    return known;
  }

  /** The state after a character. */
  #step(state: State, characters: number): State {
    const { inSet, side } = this.#classes[characters] as CharacterClass;
    const { isMatch, sets } = this.#follow(state, side);
    const next = new Set(this.#isAnchored ? [] : [this.#start]);
    for (const { set, next: after } of sets) if (inSet[set]) next.add(after);
    const after = isMatch ? MATCHED : next.size === 0 ? NOTHING : this.#state([...next], side);
    state.next[characters] = after;
    return after;
  }

  /** Follows all instructions that read nothing. */
  #follow({ instructions, before }: State, after: Side): { isMatch: boolean; sets: { set: number; next: number }[] } {
    const seen = new Set(instructions);
    const sets: { set: number; next: number }[] = [];
    let isMatch = false;
    for (const at of seen) {
      const instruction = this.#program[at] as Instruction;
      if (instruction.kind === 'match') isMatch = true;
      else if (instruction.kind === 'set') sets.push(instruction);
      else if (instruction.kind === 'fork') for (const next of instruction.next) seen.add(next);
      else if (holds(instruction.at, before, after)) seen.add(instruction.next);
    }
    return { isMatch, sets };
  }

  #state(instructions: number[], before: Side): State {
    const key = `${before} ${instructions.sort((a, b) => a - b).join(' ')}`;
    const known = this.#states.get(key);
    if (known) return known;
    if (this.#states.size >= KEPT_STATES) {
      for (const state of this.#states.values()) state.next = [];
      this.#states.clear();
    }
    const state: State = { instructions, before, next: [] };
    this.#states.set(key, state);
    return state;
  }
}

function holds(at: (Expression & { kind: 'assertion' })['at'], before: Side, after: Side): boolean {
  switch (at) {
    case 'beginning':
      return before === 'border';
    case 'end':
      return after === 'border';
    case 'word boundary':
      return (before === 'word') !== (after === 'word');
    case 'no word boundary':
      return (before === 'word') === (after === 'word');
  }
}

/** As `\w` of Go, which knows ASCII only. */
function isWord(point: number): boolean {
  return point < 128 && /\w/.test(String.fromCharCode(point));
}
