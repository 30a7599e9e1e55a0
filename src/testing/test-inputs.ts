/** What the result of a test file depends on: digests by name. */
export interface TestInputs {
  /**
   * Shared by all tests of a run: images, manifests, configuration, installed packages, declared
   * files and variables.
   */
  surroundings: Record<string, string>;
  /** The files that this test file depends on; see `TestSources`. */
  files: Record<string, string>;
}
