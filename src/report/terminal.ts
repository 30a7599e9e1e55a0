import { Listr, type DefaultRenderer, type ListrTaskWrapper, type SimpleRenderer } from 'listr2';
import type { Emit, Event } from '../core/event.ts';
import { seconds } from '../core/words.ts';
import { plainReporter } from './lines.ts';

type Wrapper = ListrTaskWrapper<unknown, typeof DefaultRenderer, typeof SimpleRenderer>;

type RowEnd = { how: 'done' } | { how: 'failed'; error: Error } | { how: 'never begun' };

/** One row on the screen: it is there from the plan on, and waits until its step begins. */
interface Row {
  task?: Wrapper;
  finish: (end: RowEnd) => void;
  ended: Promise<RowEnd>;
  title?: string;
}

/**
 * Draws the planned steps with listr2, live. Steps that were not planned, notes and output of
 * programs come as plain lines once the rows are done; the rows are done when every one has ended,
 * or `release` is called.
 */
export function terminalReporter(
  write: (line: string) => void,
  verbose: boolean,
): { emit: Emit; release: () => Promise<void> } {
  const plain = plainReporter(write, verbose);
  const rows = new Map<string, Row>();
  let held: Event[] = [];
  let drawing: Promise<void> | undefined;

  function draw(steps: { id: string; title: string }[]): void {
    for (const { id } of steps) {
      const { promise, resolve } = Promise.withResolvers<RowEnd>();
      rows.set(id, { finish: resolve, ended: promise });
    }
    const list = new Listr(
      steps.map(({ id, title }) => ({
        title,
        task: async (_context: unknown, task: Wrapper) => {
          const row = rows.get(id) as Row;
          row.task = task;
          if (row.title !== undefined) task.title = row.title;
          const end = await row.ended;
          if (end.how === 'failed') throw end.error;
          if (end.how === 'never begun') task.skip();
        },
      })),
      {
        concurrent: true,
        exitOnError: false,
        registerSignalListeners: false,
        rendererOptions: { collapseErrors: true, showErrorMessage: false },
      },
    );
    drawing = list.run().then(flush, flush);
  }

  function flush(): void {
    drawing = undefined;
    const late = held;
    held = [];
    late.forEach(plain);
  }

  function emit(event: Event): void {
    if (event.type === 'plan') return draw(event.steps);
    const row = event.type === 'step' ? rows.get(event.id) : undefined;
    if (row && event.type === 'step') return show(row, event);
    const parent = event.type === 'step' ? [...rows].find(([id]) => event.id.startsWith(`${id}/`))?.[1] : undefined;
    if (drawing && parent && event.type === 'step') {
      // A step within a step: its words are the outer one's progress.
      if (parent.task) parent.task.output = event.state === 'progress' ? event.detail : event.title;
      return undefined;
    }
    if (drawing) held.push(event);
    else plain(event);
  }

  function show(row: Row, event: Event & { type: 'step' }): void {
    if (event.state === 'progress') {
      if (row.task) row.task.output = event.detail;
      return;
    }
    row.title = event.state === 'start' ? event.title : `${event.title} (${seconds(event.ms)})`;
    if (row.task) row.task.title = row.title;
    if (event.state === 'done' || event.state === 'skipped') row.finish({ how: 'done' });
    if (event.state === 'failed') row.finish({ how: 'failed', error: new Error(event.title) });
  }

  async function release(): Promise<void> {
    for (const row of rows.values()) row.finish({ how: 'never begun' });
    await drawing;
  }

  return { emit, release };
}
