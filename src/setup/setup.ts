/** `harness setup` and `harness doctor`. */
import { ACCEPT_EXPIRED_VARIABLE, install } from '../apt/install.ts';
import { HarnessError } from '../core/error.ts';
import type { Emit } from '../core/event.ts';
import { step } from '../core/step.ts';
import { diagnose, type Check } from './diagnose.ts';
import { bestClient } from './needs.ts';
import { observeTools } from './observe.ts';
import type { ObservedTools } from './observed.ts';
import { nothingToDo, planLines, planSetup, type SetupPlan } from './plan.ts';
import { startDocker } from './start-docker.ts';

export interface SetupOptions {
  emit: Emit;
  env: NodeJS.ProcessEnv;
  signal?: AbortSignal | undefined;
  /** Report what would be done, and do nothing. */
  dryRun?: boolean;
  /** As in `InstallContext`. Default: no. */
  acceptExpiredIndex?: boolean | undefined;
}

export interface SetupResult {
  plan: SetupPlan;
  /** Whether anything was installed or started. */
  changed: boolean;
}

/**
 * Installs what a run needs and starts Docker, if this process may do so. Does nothing if nothing
 * is missing.
 * @throws HarnessError SETUP if only the user can install what is missing, DOCKER_DOWN if only the
 * user can start Docker; with the commands to run in `next`
 */
export async function setup(options: SetupOptions): Promise<SetupResult> {
  const { emit, env, signal, dryRun = false } = options;
  const acceptExpiredIndex = options.acceptExpiredIndex ?? env[ACCEPT_EXPIRED_VARIABLE] === '1';
  const start = performance.now();
  const tools = await observeTools(env, signal);
  const plan = planSetup(tools);
  if (nothingToDo(plan)) {
    // Without an event for the start of the step, so that a quiet caller can omit the step.
    emit({
      type: 'step',
      id: 'setup',
      state: 'skipped',
      title: `Tools are installed: ${toolLine(tools)}`,
      ms: Math.round(performance.now() - start),
    });
    return { plan, changed: false };
  }
  for (const message of planLines(plan)) emit({ type: 'note', level: 'info', message });
  if (dryRun) return { plan, changed: false };

  if (plan.commands.length > 0) {
    const names = plan.install.join(', ');
    await step(emit, 'setup-install', `Installing ${names}`, async (handle) => {
      await install(plan, { emit, signal, acceptExpiredIndex, progress: (line) => handle.progress(line) });
      return { title: `Installed ${names}`, value: undefined };
    });
  }
  if (plan.startDocker !== undefined) await startEngine(plan.startDocker, { emit, env, signal });
  if (plan.byHand.length > 0) throw leftToUser(plan);
  await verify(env, signal);
  return { plan, changed: true };
}

/**
 * The state of every tool. Changes nothing. A missing tool is a result, not an error.
 * @throws HarnessError INTERRUPTED
 */
export async function doctor(env: NodeJS.ProcessEnv, signal?: AbortSignal): Promise<{ checks: Check[]; ok: boolean }> {
  const checks = diagnose(await observeTools(env, signal));
  return { checks, ok: checks.every((check) => check.verdict !== 'missing') };
}

async function startEngine(
  how: NonNullable<SetupPlan['startDocker']>,
  context: { emit: Emit; env: NodeJS.ProcessEnv; signal: AbortSignal | undefined },
) {
  await step(context.emit, 'setup-docker', 'Starting Docker', async () => {
    await startDocker(how, context.env, context.signal);
    return { title: 'Started Docker', value: undefined };
  });
}

function leftToUser(plan: SetupPlan): HarnessError {
  return new HarnessError(plan.code, plan.why.join(' '), { next: plan.byHand.join('\n') });
}

/** Checks the result: a package manager may succeed and still install something else. */
async function verify(env: NodeJS.ProcessEnv, signal: AbortSignal | undefined): Promise<void> {
  const remaining = planSetup(await observeTools(env, signal));
  if (nothingToDo(remaining)) return;
  throw new HarnessError('SETUP', `Installation finished, but something is still missing: ${remaining.why.join(' ')}`, {
    next: 'Run `harness doctor`. A program of the same name may come earlier on the PATH.',
  });
}

function toolLine(tools: ObservedTools): string {
  const client = bestClient(tools.dockerClients);
  const engine = tools.engine.state === 'up' ? tools.engine.version : '?';
  return `Docker ${engine}, buildx ${client?.buildx ?? '?'}, kind ${tools.kind?.version ?? '?'}`;
}
