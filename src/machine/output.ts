import { StringDecoder } from 'node:string_decoder';

/** A longer line is passed on in parts, so that one without an end does not fill the memory. */
const LONGEST_LINE = 64 * 1024;

/** Splits chunks of a program's output into lines. */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8');
  readonly #onLine: (line: string) => void;
  #rest = '';

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  add(chunk: Buffer): void {
    const lines = (this.#rest + this.#decoder.write(chunk)).split('\n');
    this.#rest = lines.pop() ?? '';
    lines.forEach((line) => this.#emit(line));
    if (this.#rest.length < LONGEST_LINE) return;
    this.#emit(this.#rest);
    this.#rest = '';
  }

  /** Reports the last line if no line break ends it. */
  end(): void {
    const rest = this.#rest + this.#decoder.end();
    if (rest !== '') this.#emit(rest);
    this.#rest = '';
  }

  #emit(line: string): void {
    this.#onLine(line.endsWith('\r') ? line.slice(0, -1) : line);
  }
}

/** Enough for what is shown of a failure, and for the messages that are looked for in it. */
const KEPT_LINES = 2_000;
const KEPT_CHARACTERS = 1024 * 1024;

/** The last lines of an output. */
export class LastLines {
  readonly #lines: string[] = [];
  #characters = 0;
  #first = 0;

  add(line: string): void {
    this.#lines.push(line);
    this.#characters += line.length;
    while (this.#lines.length - this.#first > KEPT_LINES || this.#characters > KEPT_CHARACTERS) {
      this.#characters -= (this.#lines[this.#first] ?? '').length;
      this.#lines[this.#first] = '';
      this.#first++;
    }
    // Moving the lines for each one that is dropped would take most of the time.
    if (this.#first >= KEPT_LINES) this.#lines.splice(0, this.#first);
    if (this.#first >= KEPT_LINES) this.#first = 0;
  }

  text(): string {
    return this.#lines.slice(this.#first).join('\n');
  }
}
