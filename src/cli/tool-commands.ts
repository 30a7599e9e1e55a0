import type { Command as Program } from 'commander';
import { DockerEngine } from '../drivers/docker.ts';
import { runWork, type CommonOptions, type Streams } from './run.ts';
import { doctorLines } from './tables.ts';

/** Commands that need no configuration: they look after the machine. Their code is loaded when they are called. */
export function addToolCommands(
  program: Program,
  withCommonOptions: (program: Program) => Program,
  streams: Streams,
  signal: AbortSignal,
): void {
  withCommonOptions(program.command('doctor').description('report each tool: found, version, verdict, fix')).action(
    async (options: CommonOptions) => {
      process.exitCode = await runWork({ name: 'doctor', do: doctor }, options, streams, signal);
    },
  );

  withCommonOptions(program.command('setup').description('install what is missing (Docker, buildx, compose, kind) and start Docker'))
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--quiet', 'say nothing when all is there')
    .action(async (options: CommonOptions & { dryRun?: boolean; quiet?: boolean }) => {
      process.exitCode = await runWork({ name: 'setup', do: (emit) => setUp(emit, options) }, options, streams, signal);
    });

  const nodeImage = program.command('node-image').description('the image that cluster nodes run');
  withCommonOptions(nodeImage.command('build').description('build the node image from packages, as where no registry answers')).action(
    async (options: CommonOptions) => {
      process.exitCode = await runWork({ name: 'node-image build', do: buildNodeImage }, options, streams, signal);
    },
  );
  withCommonOptions(nodeImage.command('status').description('say which node image would be used')).action(
    async (options: CommonOptions) => {
      process.exitCode = await runWork({ name: 'node-image status', do: nodeImageState }, options, streams, signal);
    },
  );

  type Do = Parameters<typeof runWork>[0]['do'];
  type Emit = Parameters<Do>[0];

  async function doctor() {
    const { doctor: examine } = await import('../setup/setup.ts');
    const { checks, ok } = await examine(process.env);
    return { lines: doctorLines(checks), more: { checks }, exitCode: ok ? (0 as const) : (3 as const) };
  }

  async function setUp(emit: Emit, { dryRun = false, quiet = false }: { dryRun?: boolean; quiet?: boolean }) {
    const { setup } = await import('../setup/setup.ts');
    const heard: Emit = (event) => (quiet && event.type === 'step' && event.state === 'skipped' ? undefined : emit(event));
    const { changed } = await setup({ emit: heard, env: process.env, signal, dryRun });
    return { more: { changed } };
  }

  async function buildNodeImage(emit: Emit) {
    const { ensureNodeImage } = await import('../node-image/node-image.ts');
    const engine = await DockerEngine.connect(process.env);
    const nodeImage = await ensureNodeImage(engine, { emit, env: process.env, signal, rebuild: true });
    return { lines: [nodeImage.reference], more: { nodeImage } };
  }

  async function nodeImageState() {
    const { nodeImageStatus } = await import('../node-image/node-image.ts');
    const found = await nodeImageStatus(await DockerEngine.connect(process.env));
    const lines = [
      found ? `✅ ${found.reference} (${found.source})` : "none yet: the next `harness up` pulls kind's own, or builds one from packages",
    ];
    return { lines, more: { nodeImage: found ?? null } };
  }
}
