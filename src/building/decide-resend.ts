import { hashOf, STAT_COLUMNS, type Rows } from '../sources/rows.ts';

/**
 * Whether any file has other content than what was sent, under the same size and time. BuildKit
 * compares only those, so it would not get the new content.
 */
export function hidesChange(sent: Rows, now: Rows): boolean {
  const sentRows = new Map(sent.paths.all().map((path, row) => [path, row]));
  return now.paths.all().some((path, row) => {
    const sentRow = sentRows.get(path);
    if (sentRow === undefined || now.kinds[row] !== sent.kinds[sentRow]) return false;
    const [stat, sentStat] = [row * STAT_COLUMNS, sentRow * STAT_COLUMNS];
    const looksTheSame = now.stats[stat] === sent.stats[sentStat] && now.stats[stat + 1] === sent.stats[sentStat + 1];
    return looksTheSame && Buffer.compare(hashOf(now, row), hashOf(sent, sentRow)) !== 0;
  });
}
