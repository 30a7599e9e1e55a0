import { TIERS, type Tier } from '../config/config.ts';
import { staleError, type HarnessError } from '../core/error.ts';
import { stopwatch } from '../core/stopwatch.ts';
import { count, seconds } from '../core/words.ts';
import type { Harness } from '../harness.ts';
import { cacheTable, planLines, pruneLines, statusLines, whyLines } from './tables.ts';

/** What a command is given to work with. */
export interface CommandContext {
  harness: Harness;
  /** Arguments: image names, or what stands behind `--` for the tests. */
  args: string[];
  options: CommandOptions;
  colour: boolean;
}

/** The options of single commands. */
export interface CommandOptions {
  dryRun?: boolean;
  expectFresh?: boolean;
  /** Commander's name for `--no-test-cache`: true unless it is given. */
  testCache?: boolean;
  keepNamespaces?: boolean;
  /** Each `<reference>`, or `<image>=<reference>`. */
  sinceImage?: string[];
}

/** What a command ends with. */
export interface CommandEnd {
  /** Lines for people; `--json` leaves them out. */
  lines?: string[];
  /** What the command adds to the summary. */
  more?: Record<string, unknown>;
  /** What is wrong although the command did its work. */
  failure?: HarnessError;
  /** 1 when tests failed, 3 when something on this machine is missing. */
  exitCode?: 0 | 1 | 3;
}

/** A command that works on a configured repository. Help and documentation come from this. */
export interface Command {
  name: string;
  summary: string;
  /** What arguments it takes, if any. */
  takes?: 'images' | 'test arguments';
  options?: (keyof typeof OPTIONS)[];
  /** Whether it goes on for long, and tells things line by line also on a terminal. */
  live?: boolean;
  run: (context: CommandContext) => Promise<CommandEnd>;
}

/** Flags and help of the options that single commands have. */
export const OPTIONS = {
  dryRun: ['--dry-run', 'say what would be done, and do nothing'],
  expectFresh: ['--expect-fresh', 'fail with exit code 3, and do nothing, when an image would have to be built'],
  testCache: ['--no-test-cache', 'run test files also when they passed before and nothing changed'],
  keepNamespaces: [
    '--keep-namespaces',
    'keep the namespaces that tests make for themselves, until the next run, and say how to look into them',
  ],
  sinceImage: [
    '--since-image <[image=]reference>',
    'take this image in place of a build when it was built from the same inputs; `{name}` in it stands for the name of each image; may be given several times',
  ],
} as const satisfies Record<keyof CommandOptions, readonly [flags: string, description: string]>;

const TIER_SUMMARIES: Record<Tier, string> = {
  'test-kind': 'build and load every image, deploy, test: for CI and release checks',
  'test-cached': 'build what is stale, load what is missing, deploy, test: for every day',
  'test-fast': 'build nothing, load what is missing, deploy, test: while working on the tests',
};

const TIER_OPTIONS: Record<Tier, (keyof CommandOptions)[]> = {
  'test-kind': ['dryRun', 'keepNamespaces'],
  'test-cached': ['dryRun', 'expectFresh', 'sinceImage', 'testCache', 'keepNamespaces'],
  'test-fast': ['dryRun', 'expectFresh', 'testCache', 'keepNamespaces'],
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
    summary: 'test-cached, and again what is due whenever sources, manifests or tests change, until Ctrl-C',
    takes: 'test arguments',
    live: true,
    run: ({ harness, args, colour }) => harness.dev({ args, colour }),
  },
  {
    name: 'build',
    summary: 'build images, stale or not',
    takes: 'images',
    run: ({ harness, args }) => harness.build(args, { force: true }).then(() => ({})),
  },
  {
    name: 'build-if-needed',
    summary: 'build the images that are stale',
    takes: 'images',
    options: ['expectFresh', 'sinceImage'],
    run: ({ harness, args, options: { expectFresh = false } }) => harness.build(args, { expectFresh }).then(() => ({})),
  },
  {
    name: 'rebuild',
    summary: 'build images from nothing, with no cache',
    takes: 'images',
    run: ({ harness, args }) => harness.build(args, { force: true, noCache: true }).then(() => ({})),
  },
  {
    name: 'load',
    summary: 'load images into every node, there or not',
    takes: 'images',
    run: ({ harness, args }) => harness.load(args, { force: true }).then(() => ({})),
  },
  {
    name: 'load-if-needed',
    summary: 'load images into the nodes that lack them',
    takes: 'images',
    run: ({ harness, args }) => harness.load(args).then(() => ({})),
  },
  {
    name: 'cache-status',
    summary: 'say which images are stale and where they are loaded; change nothing',
    takes: 'images',
    options: ['expectFresh', 'sinceImage'],
    run: async ({ harness, args, options: { expectFresh } }) => {
      const status = await harness.cacheStatus(args, expectFresh);
      const failure = expectFresh ? staleError(status.images) : undefined;
      return {
        lines: cacheTable(status, Date.now()),
        more: { ...status },
        ...(failure === undefined ? {} : { failure }),
      };
    },
  },
  {
    name: 'why',
    summary: 'say in full why the next build of an image happens or not, and why the last one did; change nothing',
    takes: 'images',
    options: ['sinceImage'],
    run: async ({ harness, args }) => {
      const images = await harness.why(args);
      return { lines: whyLines(images, Date.now()), more: { images } };
    },
  },
  {
    name: 'up',
    summary: 'create or start the cluster and wait until it can be used',
    run: async ({ harness }) => {
      const { kubeconfig, nodes } = await harness.up();
      return { more: { kubeconfig, nodes: nodes.map((node) => node.name) } };
    },
  },
  {
    name: 'down',
    summary: 'delete the cluster',
    run: async ({ harness }) => ({ more: { deleted: await harness.down() } }),
  },
  {
    name: 'stop',
    summary: 'stop the cluster; it keeps everything and `up` starts it again',
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
    summary: 'show the cluster and its nodes; change nothing',
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
    summary: 'delete the cluster and the images that were built for it',
    run: async ({ harness }) => ({ more: await harness.clean() }),
  },
  {
    name: 'prune',
    summary:
      'remove images of this project that were replaced or are no longer configured, from nodes, registry and Docker',
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
  const line = `${failed === 0 ? '✅' : '❌'} ${tier}: ${built} built, ${loaded} loaded, tests ${tests}, ${seconds(ms())} in all`;
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
