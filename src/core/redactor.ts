import { encodingsOf } from './encodings.ts';

/** What is printed in place of a secret. */
export const MASK = '***';

/** Values that are in many Secrets and keep no secret: without these words, no output could be read. */
const COMMON = new Set(
  'true false null none default localhost admin root user username postgres mysql redis test'.split(' '),
);

/** Knows the values that must not be printed, and masks them in all their usual encodings. */
export class Redactor {
  readonly #public: ReadonlySet<string>;
  readonly #known = new Set<string>();
  readonly #forms = new Set<string>();
  #pattern: RegExp | undefined;

  /** @param names names that are no secrets even if a value is the same, such as the project's */
  constructor(names: Iterable<string> = []) {
    this.#public = new Set(names);
  }

  /** Learns a value. Values that are too short, or common words, or names, are not masked. */
  learn(value: string | Buffer): void {
    const key = Buffer.from(value).toString('latin1');
    if (this.#known.has(key)) return;
    this.#known.add(key);
    const word = value.toString().trim();
    if (COMMON.has(word.toLowerCase()) || this.#public.has(word)) return;
    const forms = encodingsOf(value);
    if (forms.length === 0) return;
    forms.forEach((form) => this.#forms.add(form));
    this.#pattern = undefined;
  }

  /** Masks all known values in a text. */
  redact(text: string): string {
    if (this.#forms.size === 0) return text;
    return text.replace((this.#pattern ??= anyOf(this.#forms)), MASK);
  }

  /** A copy of a value made of JSON, with all its strings masked. */
  redactAll<T>(value: T): T {
    if (this.#forms.size === 0) return value;
    return this.#copy(value) as T;
  }

  /** Masks in place all texts of an error and of its causes. @returns the error */
  redactError(thrown: unknown): unknown {
    for (let error = thrown; error instanceof Error; error = error.cause) {
      const texts = error as Partial<Record<string, unknown>> & Error;
      for (const key of ['message', 'stack', 'detail', 'next']) {
        if (typeof texts[key] === 'string') Object.assign(error, { [key]: this.redact(texts[key]) });
      }
    }
    return thrown;
  }

  #copy(value: unknown): unknown {
    if (typeof value === 'string') return this.redact(value);
    if (Array.isArray(value)) return value.map((one) => this.#copy(one));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, this.#copy(one)]));
  }
}

/** The longest form first, because a shorter one may be a part of it. */
function anyOf(forms: ReadonlySet<string>): RegExp {
  const sorted = [...forms].sort((a, b) => b.length - a.length);
  return new RegExp(sorted.map((form) => form.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|'), 'g');
}
