/** Which packages bring which need, by where they come from. Pure data. */
import type { Need } from './needs.ts';

/** The release of kind that is built from source where the distribution has none. */
export const KIND_VERSION = 'v0.33.0';

/**
 * Debian's suite in which all of these can be had; Debian 14 is the release that grows out of it.
 */
export const NEWER_SUITE = 'forky';
export const NEWER_SUITE_VERSION = 14;

type Packages = Readonly<Record<Need, readonly string[]>>;

/**
 * Debian's packages. Those with `suite` come from the newer suite; the rest is new enough in every
 * release, and runc must stay the release's own: a newer one needs a newer libc.
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

/** Ubuntu's packages. The client is a part of docker.io; kind is not packaged. */
export const ubuntuPackages: Packages = {
  engine: ['docker.io', 'iptables'],
  docker: ['docker.io'],
  buildx: ['docker-buildx'],
  compose: ['docker-compose-v2'],
  kind: [],
};

/** Docker's own packages, which the distribution's would throw out. */
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

/** The packages for these needs, each once. */
export function packagesFor(needs: readonly Need[], packages: Packages, dockerCe = false): string[] {
  const table: Packages = dockerCe ? { ...packages, ...dockerCePackages } : packages;
  return [...new Set(needs.flatMap((need) => table[need]))];
}

/**
 * Builds kind from source into a directory of the PATH; asks for a newer Go by itself, where a
 * distribution has switched that off.
 */
export function kindFromSource(directory?: string): [string, ...string[]] {
  const where = directory === undefined ? [] : [`GOBIN=${directory}`];
  return ['env', 'GOTOOLCHAIN=auto', ...where, 'go', 'install', `sigs.k8s.io/kind@${KIND_VERSION}`];
}
