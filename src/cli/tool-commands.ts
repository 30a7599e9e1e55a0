import type { Command as Program } from 'commander';
import type { Emit } from '../core/event.ts';
import type { Config } from '../config/config.ts';
import { DockerEngine } from '../docker/engine.ts';
import type { CommandEnd } from './command.ts';
import { runWork, type CommonOptions } from './run.ts';
import type { Streams } from './streams.ts';
import { doctorLines } from './tables.ts';

type ToolOptions = CommonOptions & { dryRun?: boolean; quiet?: boolean; force?: boolean; acceptExpiredIndex?: boolean };

/** What these commands are handed by the process. */
export interface Surroundings {
  streams: Streams;
  signal: AbortSignal;
  env: NodeJS.ProcessEnv;
  /** Where a configuration is looked for. */
  cwd: string;
}

type Tool = (given: { emit: Emit; options: ToolOptions } & Surroundings) => Promise<CommandEnd>;

/**
 * Adds the commands that need no configuration, because they are about the machine. Their code is
 * loaded when they are called.
 */
export function addToolCommands(program: Program, surroundings: Surroundings): void {
  const add = (parent: Program, name: string, summary: string, tool: Tool) => {
    const added = parent.command(name).description(summary);
    return added.action(async () => {
      const options = added.optsWithGlobals<ToolOptions>();
      const title = parent === program ? name : `${parent.name()} ${name}`;
      const work = { name: title, do: (emit: Emit) => tool({ emit, options, ...surroundings }) };
      process.exitCode = await runWork(work, options, surroundings.streams, surroundings.signal);
    });
  };
  add(program, 'doctor', 'report each tool: found, version, verdict, fix', doctor);
  add(program, 'setup', 'install what is missing (Docker, buildx, compose, kind) and start Docker', setUp)
    .option('--dry-run', 'print what would be done, and change nothing')
    .option(
      '--accept-expired-index',
      "use apt's index of a frozen mirror although its date has passed; its signature is checked",
    )
    .option('--quiet', 'print nothing if nothing is missing');
  const nodeImage = program.command('node-image').description('the image that cluster nodes run');
  add(
    nodeImage,
    'build',
    'build the node image from packages, as if no registry answered; does nothing if it exists',
    buildNodeImage,
  ).option('--force', 'build it again, with the newest packages');
  add(nodeImage, 'status', 'print which node image would be used', nodeImageState);
}

const doctor: Tool = async ({ env, options, cwd, signal }) => {
  const { doctor: examine } = await import('../setup/setup.ts');
  const config = await configHere(options, { cwd, env });
  const { checkTools } = await import('../rendering/check-tools.ts');
  const { checks: common, ok: commonOk } = await examine(env, signal);
  const own = config ? checkTools(config, env) : [];
  const checks = [...common, ...own];
  const ok = commonOk && own.every(({ verdict }) => verdict !== 'missing');
  return { lines: doctorLines(checks), more: { checks }, exitCode: ok ? 0 : 3 };
};

const setUp: Tool = async ({ emit, options, env, signal, cwd }) => {
  const { dryRun = false, quiet = false, acceptExpiredIndex } = options;
  const { setup } = await import('../setup/setup.ts');
  const emitUnlessQuiet: Emit = (event) =>
    quiet && event.type === 'step' && event.state === 'skipped' ? undefined : emit(event);
  const { changed } = await setup({ emit: emitUnlessQuiet, env, signal, dryRun, acceptExpiredIndex });
  const config = await configHere(options, { cwd, env });
  if (!config) return { more: { changed } };
  const { installHelm, needsHelm } = await import('../helm/install-helm.ts');
  const built = needsHelm(config) && (await installHelm({ emit, env, signal, dryRun }));
  return { more: { changed: changed || built } };
};

/**
 * The configuration, if there is one: a machine can be set up before it exists. One that is named, or
 * whose profile is named, must exist.
 */
async function configHere(
  { config: file, profile }: ToolOptions,
  { cwd, env }: Pick<Surroundings, 'cwd' | 'env'>,
): Promise<Config | undefined> {
  const { loadConfig } = await import('../config/load.ts');
  const config = loadConfig(cwd, file, { env, profile });
  return file === undefined && profile === undefined ? config.catch(() => undefined) : config;
}

const buildNodeImage: Tool = async ({ emit, options: { force = false }, env, signal }) => {
  const { ensureNodeImage } = await import('../system-images/node-image.ts');
  const engine = await DockerEngine.connect(env, { signal });
  const nodeImage = await ensureNodeImage(engine, { emit, env, signal, fromPackages: true, rebuild: force });
  return { lines: [nodeImage.reference], more: { nodeImage } };
};

const nodeImageState: Tool = async ({ env, signal }) => {
  const { nodeImageStatus } = await import('../system-images/node-image.ts');
  const found = await nodeImageStatus(await DockerEngine.connect(env, { signal }));
  const lines = [
    found
      ? `✅ ${found.reference} (${found.source})`
      : "none yet: the next `harness up` pulls kind's own, or builds one from packages",
  ];
  return { lines, more: { nodeImage: found ?? null } };
};
