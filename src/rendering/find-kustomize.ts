import { join } from 'node:path';
import { HarnessError } from '../core/error.ts';
import { cacheDirectory } from '../machine/cache-directory.ts';
import { findOnPath } from '../machine/executable.ts';
import type { StepContext } from './step-context.ts';

/** A program that renders overlays, and the arguments before the directory. */
export interface Kustomize {
  path: string;
  args: string[];
}

/**
 * The program that renders overlays: `kustomize`, or a `kubectl` that contains it. Without either,
 * the nodes' kubectl is used.
 * @throws HarnessError TOOL_MISSING with the commands that bring one of them
 */
export async function requireKustomize({ env, kubectlFromNode }: StepContext): Promise<Kustomize> {
  const kustomize = findOnPath('kustomize', env)[0];
  if (kustomize !== undefined) return { path: kustomize, args: ['build'] };
  const kubectl = findOnPath('kubectl', env)[0] ?? (await kubectlFromNode());
  if (kubectl !== undefined) return { path: kubectl, args: ['kustomize'] };
  throw new HarnessError('TOOL_MISSING', 'Neither kustomize nor kubectl was found, and a step of `deploy` needs one.', {
    next: 'Install one of them: `brew install kustomize`, `apt-get install kustomize`, or `go install sigs.k8s.io/kustomize/kustomize/v5@latest`.',
  });
}

/** Where a copy of the nodes' kubectl is kept. @param nodeImage the id of the nodes' image */
export function kubectlPath(env: NodeJS.ProcessEnv, nodeImage: string): string {
  return join(cacheDirectory(env, 'tools'), `kubectl-${nodeImage.replace(/^sha256:/, '').slice(0, 12)}`, 'kubectl');
}
