/** Names the file that a reporter writes its findings to. */
export const REPORT_VARIABLE = 'HARNESS_MODULE_REPORT';

/** What became of a test file, and the files that it was made of. */
export interface ModuleReport {
  file: string;
  /** Whether it has tests, and every one of them ran and passed at the first attempt. */
  passed: boolean;
  /**
   * Absolute paths: all that it imports, what its fixtures applied, what is set up before it, and
   * the configuration of the runner.
   */
  imports: string[];
}
