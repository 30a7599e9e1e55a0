/** Milliseconds without progress until a transfer is aborted. */
export const STALLED_AFTER = 300_000;

/** Watches work that reports its progress. */
export interface StallWatch {
  /** Aborted when the work has made no progress for too long. */
  signal: AbortSignal;
  /** Reports progress. */
  progress: () => void;
  /** Stops watching, because the work has ended. */
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
