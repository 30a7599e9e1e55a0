import type { Command as Program } from 'commander';
import type { Emit } from '../core/event.ts';
import { DockerEngine } from '../docker/engine.ts';
import type { CommandEnd } from './commands.ts';
import { runWork, type CommonOptions, type Streams } from './run.ts';
import { doctorLines } from './tables.ts';

type ToolOptions = CommonOptions & { dryRun?: boolean; quiet?: boolean; force?: boolean };

/**
 * Commands that need no configuration: they look after the machine. Their code is loaded when they
 * are called.
 */
export function addToolCommands(program: Program, streams: Streams, signal: AbortSignal): void {
  const add = (
    parent: Program,
    name: string,
    summary: string,
    work: (emit: Emit, options: ToolOptions) => Promise<CommandEnd>,
  ) => {
    const added = parent.command(name).description(summary);
    return added.action(async () => {
      const options = added.optsWithGlobals<ToolOptions>();
      const title = parent === program ? name : `${parent.name()} ${name}`;
      process.exitCode = await runWork({ name: title, do: (emit) => work(emit, options) }, options, streams, signal);
    });
  };

  add(program, 'doctor', 'report each tool: found, version, verdict, fix', doctor);
  add(program, 'setup', 'install what is missing (Docker, buildx, compose, kind) and start Docker', setUp)
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--quiet', 'say nothing when all is there');
  const nodeImage = program.command('node-image').description('the image that cluster nodes run');
  add(
    nodeImage,
    'build',
    'build the node image from packages, as where no registry answers; nothing to do where it is there',
    buildNodeImage,
  ).option('--force', 'build it anew, with the newest packages');
  add(nodeImage, 'status', 'say which node image would be used', nodeImageState);

  async function doctor() {
    const { doctor: examine } = await import('../setup/setup.ts');
    const { checks, ok } = await examine(process.env);
    return { lines: doctorLines(checks), more: { checks }, exitCode: ok ? (0 as const) : (3 as const) };
  }

  async function setUp(emit: Emit, { dryRun = false, quiet = false }: ToolOptions) {
    const { setup } = await import('../setup/setup.ts');
    const heard: Emit = (event) =>
      quiet && event.type === 'step' && event.state === 'skipped' ? undefined : emit(event);
    const { changed } = await setup({ emit: heard, env: process.env, signal, dryRun });
    return { more: { changed } };
  }

  async function buildNodeImage(emit: Emit, { force = false }: ToolOptions) {
    const { ensureNodeImage } = await import('../system-images/node-image.ts');
    const engine = await DockerEngine.connect(process.env);
    const nodeImage = await ensureNodeImage(engine, {
      emit,
      env: process.env,
      signal,
      fromPackages: true,
      rebuild: force,
    });
    return { lines: [nodeImage.reference], more: { nodeImage } };
  }

  async function nodeImageState() {
    const { nodeImageStatus } = await import('../system-images/node-image.ts');
    const found = await nodeImageStatus(await DockerEngine.connect(process.env));
    const lines = [
      found
        ? `✅ ${found.reference} (${found.source})`
        : "none yet: the next `harness up` pulls kind's own, or builds one from packages",
    ];
    return { lines, more: { nodeImage: found ?? null } };
  }
}
