import type { Config } from '../config/config.ts';
import { findOnPath } from '../machine/executable.ts';
import type { Check } from '../setup/diagnose.ts';
import { findHelm } from '../helm/find-helm.ts';
import { needsHelm } from '../helm/install-helm.ts';

/** The state of the tools that only some configurations need, for `harness doctor`. */
export function checkTools(config: Pick<Config, 'deploy'>, env: NodeJS.ProcessEnv): Check[] {
  const helm = findHelm(env);
  const kustomize = findOnPath('kustomize', env)[0] ?? findOnPath('kubectl', env)[0];
  const checks: Check[] = [];
  if (needsHelm(config)) {
    checks.push({
      name: 'helm',
      found: helm,
      version: undefined,
      verdict: helm === undefined ? 'missing' : 'ok',
      fix: helm === undefined ? 'harness setup' : undefined,
    });
  }
  if (config.deploy.steps.some(({ kind }) => kind === 'kustomize')) {
    const found = kustomize ?? (process.platform === 'linux' ? 'the kubectl of the nodes will be used' : undefined);
    checks.push({
      name: 'kustomize',
      found,
      version: undefined,
      verdict: found === undefined ? 'missing' : 'ok',
      fix: found === undefined ? 'brew install kustomize' : undefined,
    });
  }
  return checks;
}
