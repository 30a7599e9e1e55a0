/** The environment variable with the path of the file that the reporter writes. */
export const REPORT_VARIABLE = 'HARNESS_MODULE_REPORT';

/** The result of a test file, and the files that it depends on. */
export interface ModuleReport {
  file: string;
  /** Whether it has tests, and all of them ran and passed at the first attempt. */
  passed: boolean;
  /**
   * Absolute paths: all files that it imports, the manifests that its fixtures applied, its setup
   * files, and the configuration of its project and of the root.
   */
  imports: string[];
  /**
   * Absolute paths: the configuration of all projects. Another project may begin to include the
   * file, or define it inline.
   */
  configurations: string[];
}

/**
 * The report of a test file in a run that did not end normally, such as by an error after all
 * tests: a skipped file would hide that error in the next run.
 */
export function asFailed(report: ModuleReport): ModuleReport {
  return { ...report, passed: false };
}

/**
 * One report for each file: several projects may run the same file, each with its own settings. It
 * has passed only if it did so in each, and depends on what it depends on in any.
 */
export function oncePerFile(reports: readonly ModuleReport[]): ModuleReport[] {
  const merged = new Map<string, ModuleReport>();
  for (const report of reports) {
    const other = merged.get(report.file);
    merged.set(report.file, other ? mergeReports(other, report) : report);
  }
  return [...merged.values()];
}

function mergeReports(one: ModuleReport, other: ModuleReport): ModuleReport {
  return {
    file: one.file,
    passed: one.passed && other.passed,
    imports: [...new Set([...one.imports, ...other.imports])],
    configurations: [...new Set([...one.configurations, ...other.configurations])],
  };
}
