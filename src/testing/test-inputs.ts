/** What a test file's result rests on, as digests by name. */
export interface TestInputs {
  /**
   * What all tests of a run share: images, manifests, configuration, installed packages, declared
   * files and variables.
   */
  surroundings: Record<string, string>;
  /** The files that this one is made of, see `TestSources`. */
  files: Record<string, string>;
}
