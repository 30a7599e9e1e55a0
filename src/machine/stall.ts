/** Milliseconds without progress after which a transfer is given up. */
export const STALLED_AFTER = 300_000;

/** Watches over work that tells of its progress. */
export interface StallWatch {
  /** Comes when the work has told of no progress for too long. */
  signal: AbortSignal;
  progress: () => void;
  /** The work has ended: the signal comes no more. */
  end: () => void;
}

/** @param limit milliseconds without progress */
export function watchForStall(limit = STALLED_AFTER): StallWatch {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), limit).unref();
  return {
    signal: controller.signal,
    progress: () => {
      if (!controller.signal.aborted) timer.refresh();
    },
    end: () => clearTimeout(timer),
  };
}
