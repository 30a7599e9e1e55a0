import { TIERS, type Tier } from '../config/config.ts';
import { staleError } from '../core/error.ts';
import { stopwatch } from '../core/stopwatch.ts';
import { count, seconds } from '../core/words.ts';
import { wrongIndexError } from '../run/wrong-index.ts';
import { audit } from './audit-command.ts';
import type { Command, CommandContext, CommandEnd, CommandOptions } from './command.ts';
import { deploy } from './deploy-command.ts';
import { IMAGE_COMMANDS } from './image-commands.ts';
import { cacheTable, planLines, pruneLines, statusLines } from './tables.ts';

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
    name: 'build-dev',
    summary: 'build images, with every step run again and the profile `development` if it is configured',
    takes: 'images',
    preferredProfile: 'development',
    run: ({ harness, args }) => harness.build(args, { force: true, noCache: true }).then(() => ({})),
  },
  {
    name: 'build-prod',
    summary: 'build stale images, with the settings of the profile `production` if it is configured',
    takes: 'images',
    options: ['expectFresh', 'sinceImage'],
    preferredProfile: 'production',
    run: ({ harness, args, options: { expectFresh = false } }) => harness.build(args, { expectFresh }).then(() => ({})),
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
  ...IMAGE_COMMANDS,
  {
    name: 'audit',
    summary: 'print what build contexts hold and send, and what is wrong with them and with Dockerfiles',
    takes: 'images',
    options: ['fix'],
    run: ({ harness, args, options: { fix = false } }) => audit(harness, args, fix),
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
