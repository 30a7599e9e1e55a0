import { HarnessError, messageOf } from './error.ts';
import type { ReportedError } from './summary.ts';

/** An error as `--json` prints it. */
export function errorForMachines(failure: unknown): ReportedError {
  if (!(failure instanceof HarnessError)) return { code: 'INTERNAL', message: messageOf(failure) };
  const { code, message, next, detail } = failure;
  return { code, message, ...(next === undefined ? {} : { next }), ...(detail === undefined ? {} : { detail }) };
}
