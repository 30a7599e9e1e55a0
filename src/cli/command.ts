import type { HarnessError } from '../core/error.ts';
import type { Harness } from '../harness.ts';

/** What a command is given to work with. */
export interface CommandContext {
  harness: Harness;
  /** Image names, or the arguments after `--` for the test runner. */
  args: string[];
  options: CommandOptions;
  colour: boolean;
}

/** Options that some commands have. */
export interface CommandOptions {
  dryRun?: boolean;
  diff?: boolean;
  expectFresh?: boolean;
  /** `--no-test-cache` as commander names it: true unless it is given. */
  testCache?: boolean;
  keepNamespaces?: boolean;
  recreateImmutable?: boolean;
  verify?: boolean;
  fix?: boolean;
  volumes?: boolean;
  /** Each `<reference>`, or `<image>=<reference>`. */
  sinceImage?: string[];
}

/** What a command ends with. */
export interface CommandEnd {
  /** Lines for people; not printed with `--json`. */
  lines?: string[];
  /** What the command adds to the summary. */
  more?: Record<string, unknown>;
  /** What is wrong although the command finished its work. */
  failure?: HarnessError;
  /** 1 if tests failed, 3 if this machine lacks something. */
  exitCode?: 0 | 1 | 3;
}

/** A command for a configured repository. Help and documentation are generated from this. */
export interface Command {
  name: string;
  summary: string;
  /** The arguments it takes, if any. */
  takes?: 'images' | 'test arguments';
  options?: (keyof typeof OPTIONS)[];
  /** The profile that it uses if it is configured, unless `--profile` names another one. */
  preferredProfile?: string;
  /** Whether it runs until it is stopped, and prints lines even on a terminal. */
  live?: boolean;
  run: (context: CommandContext) => Promise<CommandEnd>;
}

/** Flags and help of the options that some commands have. */
export const OPTIONS = {
  dryRun: ['--dry-run', 'print what would be done, and change nothing'],
  diff: ['--diff', 'print what would change in the cluster, field by field, and change nothing'],
  expectFresh: ['--expect-fresh', 'exit with 3, without doing anything, if an image would have to be built'],
  testCache: ['--no-test-cache', 'run all test files, including unchanged ones that passed before'],
  keepNamespaces: [
    '--keep-namespaces',
    'keep the namespaces that tests create until the next run, and print how to inspect them',
  ],
  fix: ['--fix', 'add the proposed lines to ignore files'],
  verify: ['--verify', 'read every file, and exit with 3 if the index was wrong about one; the index is corrected'],
  recreateImmutable: [
    '--recreate-immutable',
    'recreate objects that cannot be changed in place even if they hold data, which is lost',
  ],
  volumes: ['--volumes', 'also remove the volumes of services, with all data in them'],
  sinceImage: [
    '--since-image <[image=]reference>',
    'use this image instead of building if its inputs match; `{name}` stands for the name of each image; repeatable',
  ],
} as const satisfies Record<keyof CommandOptions, readonly [flags: string, description: string]>;
