import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Where what belongs to this user and not to one repository is kept, by the XDG base directory
 * specification.
 */
export function cacheDirectory(env: NodeJS.ProcessEnv, ...below: string[]): string {
  return join(env['XDG_CACHE_HOME'] || join(homedir() || tmpdir(), '.cache'), 'kind-harness', ...below);
}
