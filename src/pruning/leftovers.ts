import { buildDirectory, removeOldContexts } from '../building/context-link.ts';
import { removeProbes } from '../cluster/host-quirks.ts';
import { messageOf } from '../core/error.ts';
import { cacheDirectory } from '../machine/cache-directory.ts';
import { removeAbandoned } from '../machine/owned-directory.ts';
import { removeTemporaries } from '../machine/temporary-files.ts';
import type { Session } from '../session.ts';
import { removeWorkDirectories } from '../system-images/work-directory.ts';

/**
 * Removes what killed runs left on this machine, and links to contexts that are not configured any
 * more. It fails nothing, because what stays only takes up disk space.
 */
export async function removeLeftovers({ config, env, emit, engine, signal }: Session): Promise<void> {
  try {
    removeAbandoned(buildDirectory(config));
    removeOldContexts(config);
    removeTemporaries(config.stateDirectory, ['artifacts']);
    removeTemporaries(cacheDirectory(env));
    await removeWorkDirectories(env);
    await removeProbes(engine);
  } catch (error) {
    signal.throwIfAborted();
    const message = `could not remove everything that killed runs left: ${messageOf(error)}`;
    emit({ type: 'note', level: 'warning', message });
  }
}
