/** The middle figure, or the mean of the two middle ones if their number is even. */
export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const upper = Math.floor(sorted.length / 2);
  const [a = NaN, b = NaN] = [sorted[upper], sorted[sorted.length % 2 === 0 ? upper - 1 : upper]];
  return (a + b) / 2;
}

/** `a` divided by `b`, for people: `1.50×`. */
export function ratio(a: number, b: number): string {
  return `${(a / b).toFixed(2)}×`;
}

/** Aligns the columns of rows: the first to the left, the others to the right. */
export function table(rows: readonly string[][]): string {
  const widths = rows.reduce<number[]>((all, row) => row.map((cell, i) => Math.max(all[i] ?? 0, cell.length)), []);
  return rows
    .map((row) =>
      row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
    )
    .join('\n');
}
