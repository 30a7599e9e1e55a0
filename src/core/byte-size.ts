const UNITS: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
};
const SIZE = /^(\d+(?:\.\d+)?) ?(B|kB|MB|GB|KiB|MiB|GiB)$/i;

/** Whether a text is a number of bytes with a unit, such as `50 MB`. */
export function isByteSize(text: string): boolean {
  return SIZE.test(text) && (byteSize(text) ?? 0) >= 1;
}

/** The bytes that a value of the configuration means. */
export function byteSize(value: number | string | undefined): number | undefined {
  if (typeof value !== 'string') return value;
  const [, amount = '', unit = ''] = SIZE.exec(value) ?? [];
  return Math.round(Number(amount) * (UNITS[unit.toLowerCase()] ?? NaN));
}
