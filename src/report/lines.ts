import type { Emit, Event } from '../core/event.ts';
import { seconds } from '../core/words.ts';
import { errorLines } from './errors.ts';

/** Milliseconds between two progress lines of the same step. */
const PROGRESS_EVERY = 5_000;

/** Prints plain lines, for logs and other output that is not a terminal. */
export function plainReporter(write: (line: string) => void, verbose: boolean): Emit {
  const lastProgress = new Map<string, number>();

  return (event: Event) => {
    switch (event.type) {
      case 'step':
        return stepLine(event);
      case 'note':
        return write(`${event.level === 'warning' ? '⚠️ ' : 'ℹ️ '} ${event.message}`);
      case 'output':
        return write(event.line);
      case 'round':
        return event.error && errorLines(event.error).forEach(write);
      case 'plan':
      case 'summary':
        return undefined;
    }
  };

  function stepLine(event: Event & { type: 'step' }): void {
    switch (event.state) {
      case 'start':
        lastProgress.set(event.id, performance.now());
        return write(`▶️  ${event.title}`);
      case 'progress': {
        const now = performance.now();
        if (!verbose && now - (lastProgress.get(event.id) ?? 0) < PROGRESS_EVERY) return undefined;
        lastProgress.set(event.id, now);
        return write(`   ${event.id}: ${event.detail}`);
      }
      case 'skipped':
      case 'done':
        return write(`✅ ${event.title} (${seconds(event.ms)})`);
      case 'failed':
        return write(`❌ ${event.title} (${seconds(event.ms)})`);
    }
  }
}
