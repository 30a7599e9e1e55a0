import { join } from 'node:path';
import { HarnessError } from '../core/error.ts';
import type { Emit } from '../core/event.ts';
import { step } from '../core/step.ts';
import type { DockerEngine } from '../docker/engine.ts';
import { ensureDebianBase } from './debian-base.ts';
import { dockerBuild } from './docker-build.ts';
import { nodeImageFailure } from './failure.ts';
import { compilePrograms, findGo } from './go.ts';
import { builtReference } from './recipe.ts';
import { versions } from './versions.ts';
import { openWorkDirectory } from './work-directory.ts';

export interface BuildOptions {
  emit: Emit;
  env: NodeJS.ProcessEnv;
  signal?: AbortSignal | undefined;
  /** The recipe's digest. */
  digest: string;
  /** Build without Docker's cache, which also picks up new Debian packages. */
  rebuild?: boolean;
}

/**
 * Builds the node image from Debian packages and Go modules, both in parallel. After an
 * interruption it continues where it stopped, because Go and BuildKit keep finished parts.
 * @returns the image's reference.
 * @throws HarnessError NODE_IMAGE, DISK_FULL, INTERRUPTED.
 */
export async function buildNodeImage(engine: DockerEngine, options: BuildOptions): Promise<string> {
  const { emit, env, digest, rebuild = false } = options;
  const reference = builtReference(digest);
  try {
    await using work = openWorkDirectory(env, 'node-image', digest);
    const programs = join(work.path, 'programs');
    const debian = await runBoth(
      options.signal,
      async (signal) => {
        const base = await ensureDebianBase(engine, versions.debianSuite, { emit, env, signal, rebuild });
        await step(emit, 'node-image/packages', 'Debian packages of the node image', async ({ progress }) => {
          await dockerBuild({
            debian: base.reference,
            stage: 'packages',
            digest,
            noCache: rebuild,
            env,
            progress,
            signal,
          });
          return { title: 'Debian packages of the node image installed', value: undefined };
        });
        return base.reference;
      },
      (signal) =>
        step(
          emit,
          'node-image/programs',
          `Kubernetes ${versions.kubernetes} from its Go modules`,
          async ({ progress }) => {
            const go = await findGo(env, { emit, progress, signal });
            await compilePrograms({ go, output: programs, progress, signal });
            return { title: `Kubernetes ${versions.kubernetes} compiled`, value: undefined };
          },
        ),
    );
    await step(emit, 'node-image/assemble', `node image ${reference}`, async ({ progress }) => {
      await dockerBuild({ debian, stage: 'node', programs, reference, digest, env, progress, signal: options.signal });
      return { title: `node image ${reference} assembled`, value: undefined };
    });
    return reference;
  } catch (error) {
    throw nodeImageFailure(error, 'Could not build the node image');
  }
}

/**
 * Runs two tasks in parallel and returns the result of the first. If one fails, the other is
 * stopped. The error is thrown after both have ended, so that nothing is left running.
 */
async function runBoth<T>(
  outer: AbortSignal | undefined,
  first: (signal: AbortSignal) => Promise<T>,
  second: (signal: AbortSignal) => Promise<unknown>,
): Promise<T> {
  const stop = new AbortController();
  const signal = outer ? AbortSignal.any([outer, stop.signal]) : stop.signal;
  const errors: unknown[] = [];
  const guarded = <R>(work: Promise<R>) =>
    work.catch((error: unknown) => {
      errors.push(error);
      stop.abort();
      throw error;
    });
  const [result] = await Promise.allSettled([guarded(first(signal)), guarded(second(signal))]);
  if (outer?.aborted) throw new HarnessError('INTERRUPTED', 'Building the node image was interrupted.');
  if (errors.length > 0) throw errors[0]; // the others are consequences of the first
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}
