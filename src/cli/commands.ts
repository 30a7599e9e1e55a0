import { TIERS, type Tier } from '../config/config.ts';
import { staleError, type HarnessError } from '../core/error.ts';
import { stopwatch } from '../core/stopwatch.ts';
import { count, seconds } from '../core/words.ts';
import type { Harness } from '../harness.ts';
import { wrongIndexError } from '../run/wrong-index.ts';
import { deploy } from './deploy-command.ts';
import { cacheTable, planLines, pruneLines, statusLines, whyLines } from './tables.ts';

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

const TIER_SUMMARIES: Record<Tier, string> = {
  'test-kind': 'build and load all images, deploy, test (CI, release checks)',
  'test-cached': 'build stale images, load missing ones, deploy, test (every day)',
  'test-fast': 'build nothing, load missing images, deploy, test (while working on the tests)',
};

const TIER_OPTIONS: Record<Tier, (keyof CommandOptions)[]> = {
  'test-kind': ['dryRun', 'keepNamespaces', 'recreateImmutable'],
  'test-cached': ['dryRun', 'expectFresh', 'sinceImage', 'testCache', 'keepNamespaces', 'recreateImmutable'],
  'test-fast': ['dryRun', 'expectFresh', 'testCache', 'keepNamespaces', 'recreateImmutable'],
};

export const COMMANDS: Command[] = [
  ...TIERS.map((tier): Command => ({
    name: tier,
    summary: TIER_SUMMARIES[tier],
    takes: 'test arguments',
    options: TIER_OPTIONS[tier],
    run: (context) => (context.options.dryRun ? planTier(tier, context) : runTier(tier, context)),
  })),
  {
    name: 'dev',
    summary: 'run test-cached, then rebuild, redeploy and retest after every change, until Ctrl-C',
    takes: 'test arguments',
    options: ['recreateImmutable'],
    live: true,
    run: ({ harness, args, colour }) => harness.dev({ args, colour }),
  },
  {
    name: 'build',
    summary: 'build images, even fresh ones',
    takes: 'images',
    run: ({ harness, args }) => harness.build(args, { force: true }).then(() => ({})),
  },
  {
    name: 'build-if-needed',
    summary: 'build stale images',
    takes: 'images',
    options: ['expectFresh', 'sinceImage'],
    run: ({ harness, args, options: { expectFresh = false } }) => harness.build(args, { expectFresh }).then(() => ({})),
  },
  {
    name: 'rebuild',
    summary: 'build images, with every step run again',
    takes: 'images',
    run: ({ harness, args }) => harness.build(args, { force: true, noCache: true }).then(() => ({})),
  },
  {
    name: 'load',
    summary: 'load images into all nodes, even if they are there',
    takes: 'images',
    run: ({ harness, args }) => harness.load(args, { force: true }).then(() => ({})),
  },
  {
    name: 'load-if-needed',
    summary: 'load images into nodes that lack them',
    takes: 'images',
    run: ({ harness, args }) => harness.load(args).then(() => ({})),
  },
  {
    name: 'cache-status',
    summary: 'print which images are stale and where they are loaded',
    takes: 'images',
    options: ['expectFresh', 'sinceImage', 'verify'],
    run: async ({ harness, args, options: { expectFresh, verify } }) => {
      const status = await harness.cacheStatus(args, expectFresh, verify);
      const failure = wrongIndexError(status.verified) ?? (expectFresh ? staleError(status.images) : undefined);
      return {
        lines: cacheTable(status, Date.now()),
        more: { ...status },
        ...(failure === undefined ? {} : { failure }),
      };
    },
  },
  {
    name: 'why',
    summary: 'explain why the next build of an image will happen or not, and why the last one did',
    takes: 'images',
    options: ['sinceImage'],
    run: async ({ harness, args }) => {
      const images = await harness.why(args);
      return { lines: whyLines(images, Date.now()), more: { images } };
    },
  },
  {
    name: 'up',
    summary: 'create or start the cluster and wait until it is ready',
    run: async ({ harness }) => {
      const { kubeconfig, nodes } = await harness.up();
      return { more: { kubeconfig, nodes: nodes.map((node) => node.name) } };
    },
  },
  {
    name: 'deploy',
    summary: 'build stale images, load missing ones, and deploy, without tests',
    options: ['dryRun', 'diff'],
    run: ({ harness, options }) => deploy(harness, options),
  },
  {
    name: 'down',
    summary: 'delete the cluster',
    options: ['volumes'],
    run: async ({ harness, options: { volumes = false } }) => ({ more: { deleted: await harness.down({ volumes }) } }),
  },
  {
    name: 'stop',
    summary: 'stop the cluster; it keeps everything, and `up` starts it again',
    run: async ({ harness }) => {
      const { name, nodes } = await harness.stop();
      const stopped = nodes.filter((node) => node.running).length;
      return {
        lines: [stopped === 0 ? `cluster ${name} was not running` : `✅ cluster ${name} stopped`],
        more: { stopped },
      };
    },
  },
  {
    name: 'status',
    summary: 'print the state of the cluster and its nodes',
    run: async ({ harness }) => {
      const status = await harness.status();
      return { lines: statusLines(status), more: { ...status } };
    },
  },
  {
    name: 'kubeconfig',
    summary: "print the path of the cluster's private kubeconfig",
    run: async ({ harness }) => {
      const kubeconfig = await harness.kubeconfig();
      return { lines: [kubeconfig], more: { kubeconfig } };
    },
  },
  {
    name: 'clean',
    summary: "delete the cluster and this project's images, except those that you named or that something uses",
    options: ['volumes'],
    run: async ({ harness, options: { volumes = false } }) => ({ more: { ...(await harness.clean({ volumes })) } }),
  },
  {
    name: 'prune',
    summary: "remove this project's replaced and unconfigured images from nodes, registry and Docker",
    options: ['dryRun'],
    run: async ({ harness, options: { dryRun = false } }) => {
      const pruned = await harness.prune({ dryRun });
      return { lines: pruneLines(pruned, dryRun), more: { [dryRun ? 'due' : 'removed']: pruned } };
    },
  },
];

async function runTier(tier: Tier, { harness, args, colour, options }: CommandContext): Promise<CommandEnd> {
  const { expectFresh = false, testCache = true, keepNamespaces = false } = options;
  const ms = stopwatch();
  const how = { args, colour, expectFresh, noTestCache: !testCache, keepNamespaces };
  const { passed, failed, skipped, unchanged = 0 } = await harness.test(tier, how);
  const { builds, loads } = harness.results;
  const built = builds.filter((build) => build.verdict === 'built').length;
  const loaded = loads.filter((load) => load.verdict === 'transferred' || load.verdict === 'tagged').length;
  const before = unchanged > 0 ? ` (${count(unchanged, 'file')} passed before)` : '';
  const tests = `${passed} passed, ${failed} failed, ${skipped} skipped${before}`;
  const line = `${failed === 0 ? '✅' : '❌'} ${tier}: ${built} built, ${loaded} loaded, tests ${tests}, ${seconds(ms())} in total`;
  return { lines: [line], exitCode: failed === 0 ? 0 : 1 };
}

async function planTier(
  tier: Tier,
  { harness, options: { expectFresh = false } }: CommandContext,
): Promise<CommandEnd> {
  const plan = await harness.dryRun(tier);
  const failure = expectFresh ? staleError(plan.images) : undefined;
  return { lines: planLines(tier, plan), more: { plan }, ...(failure === undefined ? {} : { failure }) };
}
