/** A duration for people: `18 ms`, `3.4 s`, `7 min 5 s`, `5 min`. */
export function seconds(ms: number): string {
  // The limits are where rounding would reach the next unit: never `60.0 s` or `1 min 60 s`.
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const whole = Math.round(ms / 1_000);
  const rest = whole % 60;
  return `${Math.floor(whole / 60)} min${rest === 0 ? '' : ` ${rest} s`}`;
}

/** A number of bytes for people: `12 kB`, `4.9 MB`, `1.0 GB`. */
export function dataSize(bytes: number): string {
  if (bytes < 99_950) return `${Math.ceil(bytes / 1e3)} kB`;
  return bytes < 999_950_000 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

/** A number and its noun: `1 file`, `3 files`. */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

/**
 * How long ago something was: `just now`, `5 min ago`, `3 h ago`, `2 days ago`. Both arguments are
 * milliseconds since the epoch.
 */
export function ago(moment: number, now: number): string {
  const minutes = Math.round((now - moment) / 60_000);
  if (minutes < 0) return 'in the future';
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${count(Math.round(hours / 24), 'day')} ago`;
}
