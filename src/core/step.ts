import type { Emit } from './event.ts';
import { stopwatch } from './stopwatch.ts';

/** Handed to the work of a step: `progress` replaces the line of detail below its title. */
export interface StepHandle {
  progress: (detail: string) => void;
}

/**
 * What a step ends with: the title that stays on the screen, and whether anything was done at all.
 */
export interface StepEnd<T> {
  title: string;
  skipped?: boolean;
  /** It ended, and its answer is no: shown as failed, with no error. */
  failed?: boolean;
  value: T;
}

/**
 * Runs one step of a run and reports its beginning, progress, end and time (milliseconds).
 * The step's own error passes through unchanged, after it was reported as failed.
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
