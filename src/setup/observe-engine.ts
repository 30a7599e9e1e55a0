/** Finds out the state of the Docker engine. No answer is a state too. */
import { messageOf } from '../core/error.ts';
import { DockerEngine } from '../docker/engine.ts';
import { dockerHost } from '../endpoint/host.ts';
import { within } from '../machine/with-timeout.ts';
import type { Engine } from './observed.ts';

/** Milliseconds until an engine that accepted the connection counts as not answering. */
const ANSWER_TIMEOUT = 10_000;

/** The part of the answer to `GET /info` that is used here. */
interface EngineInfo {
  ServerVersion: string;
  Driver: string;
  CgroupVersion?: string;
  DockerRootDir: string;
}

/**
 * The engine's state.
 * @param daemon path of the engine's program, if it is installed
 * @param freeBytes returns the free bytes in a directory of this machine
 */
export async function observeEngine(
  env: NodeJS.ProcessEnv,
  daemon: string | undefined,
  freeBytes: (directory: string) => number | undefined,
  signal?: AbortSignal,
): Promise<Engine> {
  const host = dockerHost(env);
  try {
    const info = await within(ANSWER_TIMEOUT, engineInfo(env, signal));
    return {
      state: 'up',
      host,
      version: info.ServerVersion,
      storageDriver: info.Driver,
      cgroupVersion: info.CgroupVersion ?? '',
      rootDirectory: info.DockerRootDir,
      // For an engine on another machine, a directory with the same path here would be misleading.
      freeBytes: host === undefined || host.startsWith('unix:') ? freeBytes(info.DockerRootDir) : undefined,
    };
  } catch (error) {
    if (signal?.aborted) throw error;
    return { state: 'down', host, reason: reasonOf(error), message: messageOf(error), daemon };
  }
}

async function engineInfo(env: NodeJS.ProcessEnv, signal: AbortSignal | undefined): Promise<EngineInfo> {
  const engine = await DockerEngine.connect(env, { signal });
  return (await engine.api.info()) as EngineInfo;
}

/** Why a connection failed, from the system's error code somewhere in the chain of causes. */
export function reasonOf(error: unknown): 'nothing' | 'denied' | 'other' {
  if (!(error instanceof Error)) return 'other';
  const code = 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' || code === 'ECONNREFUSED') return 'nothing';
  if (code === 'EACCES' || code === 'EPERM') return 'denied';
  return error.cause === undefined ? 'other' : reasonOf(error.cause);
}
