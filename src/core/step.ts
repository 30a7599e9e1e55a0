import type { Emit } from './event.ts';
import { stopwatch } from './stopwatch.ts';

/** Passed to the work of a step; `progress` replaces the detail line below its title. */
export interface StepHandle {
  progress: (detail: string) => void;
}

/** How a step ended. */
export interface StepEnd<T> {
  /** The title that stays on the screen. */
  title: string;
  /** There was nothing to do. */
  skipped?: boolean;
  /** The step completed, with a negative result such as failed tests: shown as failed. */
  failed?: boolean;
  value: T;
}

/**
 * Runs one step and reports its start, progress, end and duration (milliseconds). If the step
 * throws, it is reported as failed and the error is rethrown unchanged.
 */
export async function step<T>(
  emit: Emit,
  id: string,
  title: string,
  work: (handle: StepHandle) => Promise<StepEnd<T>>,
): Promise<T> {
  const ms = stopwatch();
  emit({ type: 'step', id, state: 'start', title });
  try {
    const end = await work({ progress: (detail) => emit({ type: 'step', id, state: 'progress', detail }) });
    emit({
      type: 'step',
      id,
      state: end.failed ? 'failed' : end.skipped ? 'skipped' : 'done',
      title: end.title,
      ms: ms(),
    });
    return end.value;
  } catch (error) {
    emit({ type: 'step', id, state: 'failed', title, ms: ms() });
    throw error;
  }
}
