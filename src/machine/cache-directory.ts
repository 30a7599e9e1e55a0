import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A path in the cache directory for what belongs to this user and not to a repository. Follows the
 * XDG base directory specification.
 */
export function cacheDirectory(env: NodeJS.ProcessEnv, ...parts: string[]): string {
  return join(env['XDG_CACHE_HOME'] || join(homedir() || tmpdir(), '.cache'), 'kind-harness', ...parts);
}
