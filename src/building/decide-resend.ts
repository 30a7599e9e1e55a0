import { hashOf, STAT_COLUMNS, type Rows } from '../sources/rows.ts';

/**
 * Whether a file holds something else than what was sent of it, though its size and time are the
 * same: who compares only those would not send it again.
 */
export function hidesChange(sent: Rows, now: Rows): boolean {
  const places = new Map(sent.paths.map((path, row) => [path, row]));
  return now.paths.some((path, row) => {
    const before = places.get(path);
    if (before === undefined || now.kinds[row] !== sent.kinds[before]) return false;
    const [is, was] = [row * STAT_COLUMNS, before * STAT_COLUMNS];
    const looksTheSame = now.stats[is] === sent.stats[was] && now.stats[is + 1] === sent.stats[was + 1];
    return looksTheSame && Buffer.compare(hashOf(now, row), hashOf(sent, before)) !== 0;
  });
}
