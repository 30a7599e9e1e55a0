import { Listr, type DefaultRenderer, type ListrTaskWrapper, type SimpleRenderer } from 'listr2';
import type { Emit, Event } from '../core/event.ts';
import { seconds } from '../core/words.ts';
import { plainReporter } from './lines.ts';

type StepEvent = Event & { type: 'step' };
type Task = ListrTaskWrapper<unknown, typeof DefaultRenderer, typeof SimpleRenderer>;
type RowEnd = { state: 'done' } | { state: 'failed'; error: Error } | { state: 'never begun' };

/**
 * Shows the planned steps live, with listr2. Everything else (other steps, notes, output of
 * programs) is printed as plain lines after the rows have ended: when the last step ends, or at
 * `release`.
 */
export function terminalReporter(
  write: (line: string) => void,
  verbose: boolean,
): { emit: Emit; release: () => Promise<void> } {
  const screen = new Screen(plainReporter(write, verbose));
  return { emit: (event) => screen.show(event), release: () => screen.release() };
}

/** The live rows, and the events that are held back while these are on the screen. */
class Screen {
  readonly #plain: Emit;
  readonly #rows = new Map<string, Row>();
  #heldBack: Event[] = [];
  #drawing: Promise<void> | undefined;

  constructor(plain: Emit) {
    this.#plain = plain;
  }

  show(event: Event): void {
    if (event.type === 'plan') return this.#draw(event.steps);
    if (event.type === 'step') {
      const row = this.#rows.get(event.id);
      if (row) return row.show(event);
      const outer = this.#drawing && this.#outerRow(event.id);
      if (outer) return outer.showDetail(event.state === 'progress' ? event.detail : event.title);
    }
    if (this.#drawing) this.#heldBack.push(event);
    else this.#plain(event);
  }

  /** Ends all rows, and waits until what was held back is printed. */
  async release(): Promise<void> {
    for (const row of this.#rows.values()) row.end({ state: 'never begun' });
    await this.#drawing;
  }

  #draw(steps: { id: string; title: string }[]): void {
    const tasks = steps.map(({ id, title }) => {
      const row = new Row();
      this.#rows.set(id, row);
      return { title, task: (_context: unknown, task: Task) => row.run(task) };
    });
    const list = new Listr(tasks, {
      concurrent: true,
      exitOnError: false,
      registerSignalListeners: false,
      rendererOptions: { collapseErrors: true, showErrorMessage: false },
    });
    const printHeldBack = () => this.#printHeldBack();
    this.#drawing = list.run().then(printHeldBack, printHeldBack);
  }

  #printHeldBack(): void {
    this.#drawing = undefined;
    const events = this.#heldBack;
    this.#heldBack = [];
    events.forEach(this.#plain);
  }

  /** The row of the step that contains this one: `cluster` for `cluster/start`. */
  #outerRow(id: string): Row | undefined {
    return [...this.#rows].find(([outer]) => id.startsWith(`${outer}/`))?.[1];
  }
}

/** One planned step. Its row is on the screen from the plan on, and runs until the step ends. */
class Row {
  readonly #ended = Promise.withResolvers<RowEnd>();
  #task: Task | undefined;
  #title: string | undefined;

  /** The row's task in listr2. */
  async run(task: Task): Promise<void> {
    this.#task = task;
    if (this.#title !== undefined) task.title = this.#title;
    const end = await this.#ended.promise;
    if (end.state === 'failed') throw end.error;
    if (end.state === 'never begun') task.skip();
  }

  show(event: StepEvent): void {
    if (event.state === 'progress') return this.showDetail(event.detail);
    this.#title = event.state === 'start' ? event.title : `${event.title} (${seconds(event.ms)})`;
    if (this.#task) this.#task.title = this.#title;
    if (event.state === 'done' || event.state === 'skipped') this.end({ state: 'done' });
    if (event.state === 'failed') this.end({ state: 'failed', error: new Error(event.title) });
  }

  showDetail(detail: string): void {
    if (this.#task) this.#task.output = detail;
  }

  /** Only the first end counts. */
  end(end: RowEnd): void {
    this.#ended.resolve(end);
  }
}
