import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config } from '../config/config.ts';
import { HarnessError, messageOf } from '../core/error.ts';
import type { Emit } from '../core/event.ts';
import { step } from '../core/step.ts';
import { takeLock } from '../locking/take-lock.ts';
import { run } from '../machine/process.ts';
import { findGo } from '../system-images/go.ts';
import { findHelm, HELM_VERSION, helmDirectory, helmFromSource } from './find-helm.ts';

interface InstallOptions {
  env: NodeJS.ProcessEnv;
  emit: Emit;
  signal?: AbortSignal | undefined;
  /** Report what would be done, and do nothing. */
  dryRun?: boolean;
}

/** Whether a step of the configuration needs Helm. */
export function needsHelm({ deploy }: Pick<Config, 'deploy'>): boolean {
  return deploy.steps.some(({ kind }) => kind === 'helm');
}

/**
 * Builds Helm from its Go module into the cache directory, if no Helm is installed. This takes two
 * minutes on two cores the first time. If there is no Go, Debian's package is installed.
 * @returns whether it was built
 * @throws HarnessError SETUP with what else brings it
 */
export async function installHelm({ env, emit, signal, dryRun }: InstallOptions): Promise<boolean> {
  if (findHelm(env) !== undefined) return false;
  emit({ type: 'note', level: 'info', message: `Helm is not installed; will run ${helmFromSource()}` });
  if (dryRun) return false;
  const lock = { name: '_tools', what: 'the directory of tools' };
  const { release } = await takeLock(lock, 'harness setup', { env, signal });
  try {
    if (findHelm(env) !== undefined) return false; // another process was faster
    await step(emit, 'setup-helm', `Building Helm ${HELM_VERSION}`, async ({ progress }) => {
      await build(env, { emit, signal, progress });
      return { title: `Built Helm ${HELM_VERSION}`, value: undefined };
    });
    return true;
  } finally {
    await release();
  }
}

async function build(
  env: NodeJS.ProcessEnv,
  options: Omit<InstallOptions, 'env'> & { progress: (detail: string) => void },
): Promise<void> {
  const target = helmDirectory(env);
  const partial = `${target}.partial`;
  let packages = 0;
  const onLine = (line: string) => {
    if (/^[\w.~-]+(\/[\w.~-]+)*$/.test(line)) options.progress(`compiled ${++packages} packages`);
    else options.progress(line);
  };
  try {
    const go = await findGo(env, options);
    mkdirSync(dirname(target), { recursive: true });
    const argv = [go, 'install', '-v', '-trimpath', '-ldflags=-s -w', `helm.sh/helm/v3/cmd/helm@${HELM_VERSION}`];
    await run(argv as [string, ...string[]], {
      env: { GOBIN: partial, GOTOOLCHAIN: 'auto', CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' },
      code: 'SETUP',
      signal: options.signal,
      onLine,
    });
    mkdirSync(target, { recursive: true });
    renameSync(join(partial, 'helm'), join(target, 'helm'));
  } catch (error) {
    if (error instanceof HarnessError && error.code === 'INTERRUPTED') throw error;
    throw new HarnessError('SETUP', `Helm could not be built: ${messageOf(error)}`, {
      detail: error instanceof HarnessError ? error.detail : undefined,
      next: `Install Helm yourself: \`brew install helm\`, or with Go \`${helmFromSource()}\`; see https://helm.sh/docs/intro/install/.`,
      cause: error,
    });
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}
