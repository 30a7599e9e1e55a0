/** The packages for each need, by distribution. Pure data. */
import type { Need } from './needs.ts';

/** The release of kind to build from source if the distribution has no package. */
export const KIND_VERSION = 'v0.33.0';

/** The suite of Debian that has all of these packages. It will become Debian 14. */
export const NEWER_SUITE = 'forky';
export const NEWER_SUITE_VERSION = 14;

type Packages = Readonly<Record<Need, readonly string[]>>;

/**
 * Debian's packages. Those with `suite` come from the newer suite. The others are new enough in
 * every release. runc must come from the release itself, because a newer one needs a newer libc.
 */
export function debianPackages(suite: string | undefined): Packages {
  const newer = (name: string) => (suite === undefined ? name : `${name}/${suite}`);
  return {
    engine: [newer('docker.io'), newer('containerd'), 'tini-static', 'iptables'],
    docker: [newer('docker-cli')],
    buildx: [newer('docker-buildx')],
    compose: [newer('docker-compose')],
    kind: [newer('kind')],
  };
}

/** Ubuntu's packages. The client is part of docker.io. There is no package of kind. */
export const ubuntuPackages: Packages = {
  engine: ['docker.io', 'iptables'],
  docker: ['docker.io'],
  buildx: ['docker-buildx'],
  compose: ['docker-compose-v2'],
  kind: [],
};

/** Docker's own packages. Those of the distribution would replace them. */
const dockerCePackages: Pick<Packages, 'engine' | 'docker' | 'buildx' | 'compose'> = {
  engine: ['docker-ce', 'containerd.io'],
  docker: ['docker-ce-cli'],
  buildx: ['docker-buildx-plugin'],
  compose: ['docker-compose-plugin'],
};

export const fedoraPackages: Packages = {
  engine: ['moby-engine'],
  docker: ['docker-cli'],
  buildx: ['docker-buildx'],
  compose: ['docker-compose'],
  kind: [],
};

/** The packages for these needs, without duplicates. */
export function packagesFor(needs: readonly Need[], packages: Packages, dockerCe = false): string[] {
  const table: Packages = dockerCe ? { ...packages, ...dockerCePackages } : packages;
  return [...new Set(needs.flatMap((need) => table[need]))];
}

/**
 * The command that builds kind from source. `GOTOOLCHAIN=auto` lets Go download a newer Go even if
 * the distribution has disabled that.
 * @param directory where kind is installed; undefined for Go's default
 */
export function kindFromSource(directory?: string): [string, ...string[]] {
  const target = directory === undefined ? [] : [`GOBIN=${directory}`];
  return ['env', 'GOTOOLCHAIN=auto', ...target, 'go', 'install', `sigs.k8s.io/kind@${KIND_VERSION}`];
}
