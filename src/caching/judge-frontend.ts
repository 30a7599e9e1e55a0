import { repositoryOf } from '../docker/reference.ts';

/** Docker's own frontends. All their releases pass the names of hosts on to each `RUN`. */
const FRONTENDS = ['docker.io/docker/dockerfile', 'docker.io/docker/dockerfile-upstream'];

/**
 * Whether the names of hosts that a build adds are certainly part of the cache key of each `RUN`: one
 * of Docker's frontends reads the Dockerfile. Text that looks like the choice of a frontend counts
 * as one, wherever it is.
 * @param buildArgs the build arguments; `BUILDKIT_SYNTAX` chooses the frontend
 */
export function passesHostsOn(dockerfile: string, buildArgs: Readonly<Record<string, string>>): boolean {
  const chosen = buildArgs['BUILDKIT_SYNTAX'];
  if (chosen !== undefined) return isDockers(chosen);
  // BuildKit also reads the choice from JSON, and a Dockerfile cannot start with a brace.
  if (/^\s*(#!.*\n\s*)?\{/.test(dockerfile)) return false;
  const directives = dockerfile.matchAll(/^[\s\u0085]*(?:#|\/\/)\s*syntax\s*=(.*)$/gim);
  return [...directives].every(([, value = '']) => isDockers(value));
}

function isDockers(frontend: string): boolean {
  return FRONTENDS.includes(repositoryOf(frontend.trim().split(/\s/)[0] ?? '') ?? '');
}
