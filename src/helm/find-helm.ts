import { HarnessError } from '../core/error.ts';
import { cacheDirectory } from '../machine/cache-directory.ts';
import { findOnPath } from '../machine/executable.ts';

/** The release of Helm that `harness setup` installs. */
export const HELM_VERSION = 'v3.22.0';

/** Where `harness setup` installs Helm: a directory for each version. */
export function helmDirectory(env: NodeJS.ProcessEnv): string {
  return cacheDirectory(env, 'tools', `helm-${HELM_VERSION}`);
}

/** The path of Helm: the first on the PATH, or the one that `harness setup` installed. */
export function findHelm(env: NodeJS.ProcessEnv): string | undefined {
  return findOnPath('helm', env, [helmDirectory(env)])[0];
}

/**
 * The path of Helm.
 * @throws HarnessError TOOL_MISSING with the commands that bring it
 */
export function requireHelm(env: NodeJS.ProcessEnv): string {
  const helm = findHelm(env);
  if (helm !== undefined) return helm;
  throw new HarnessError('TOOL_MISSING', 'Helm was not found, and a step of `deploy` needs it.', {
    next: `Run \`harness setup\`, which builds it in about two minutes, or install it yourself: \`${helmFromSource()}\`.`,
  });
}

/** The command that builds Helm from its Go module. */
export function helmFromSource(): string {
  return `go install helm.sh/helm/v3/cmd/helm@${HELM_VERSION}`;
}
