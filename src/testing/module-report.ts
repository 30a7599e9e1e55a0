/** The environment variable with the path of the file that the reporter writes. */
export const REPORT_VARIABLE = 'HARNESS_MODULE_REPORT';

/** The result of a test file, and the files that it depends on. */
export interface ModuleReport {
  file: string;
  /** Whether it has tests, and all of them ran and passed at the first attempt. */
  passed: boolean;
  /**
   * Absolute paths: all files that it imports, the manifests that its fixtures applied, its setup
   * files, and the configuration of the runner.
   */
  imports: string[];
}
