import { errorForMachines } from '../core/reported-error.ts';
import type { ReportedError } from '../core/summary.ts';

/** An error as lines: what is wrong, the last words of what failed, and what to do. */
export function errorForPeople(failure: unknown, verbose: boolean): string[] {
  const stack = verbose && failure instanceof Error && failure.stack !== undefined ? [failure.stack] : [];
  return [...errorLines(errorForMachines(failure)), ...stack];
}

/** The same for an error that was reported. */
export function errorLines({ code, message, next, detail }: ReportedError): string[] {
  if (code === 'INTERNAL') {
    return [
      `❌ ${message}`,
      '→  This is not an error that kind-harness expects. Run again with --verbose and report it with what it prints.',
    ];
  }
  return [
    `❌ ${message} [${code}]`,
    ...(detail ? detail.split('\n').map((line) => `   ${line}`) : []),
    ...(next ? next.split('\n').map((line, i) => (i === 0 ? `→  ${line}` : `   ${line}`)) : []),
  ];
}
