import { errorForMachines } from '../core/reported-error.ts';
import type { ReportedError } from '../core/summary.ts';

/** An error as lines: the message, the detail, and what to do next. */
export function errorForPeople(failure: unknown, verbose: boolean): string[] {
  const stack = verbose && failure instanceof Error && failure.stack !== undefined ? [failure.stack] : [];
  return [...errorLines(errorForMachines(failure)), ...stack];
}

/** The same for an error in the form in which `--json` prints it. */
export function errorLines({ code, message, next, detail }: ReportedError): string[] {
  if (code === 'INTERNAL') {
    return [`❌ ${message}`, '→  This is a bug in kind-harness. Run again with `--verbose` and report the output.'];
  }
  return [
    `❌ ${message} [${code}]`,
    ...(detail ? detail.split('\n').map((line) => `   ${line}`) : []),
    ...(next ? next.split('\n').map((line, i) => (i === 0 ? `→  ${line}` : `   ${line}`)) : []),
  ];
}
