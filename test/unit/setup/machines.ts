import type { Platform } from '../../../src/machine/platform.ts';
import type { DockerClient, Engine, ObservedTools } from '../../../src/setup/observed.ts';

/** The Debian archive as a new machine names it. The host does not exist. */
const ARCHIVE = {
  uris: ['http://archive.example/debian'],
  suites: ['bookworm', 'bookworm-updates'],
  components: ['main'],
  signedBy: '/usr/share/keyrings/debian-archive-keyring.gpg',
};

export const ENGINE_UP = {
  state: 'up',
  host: undefined,
  version: '28.5.2',
  storageDriver: 'overlay2',
  cgroupVersion: '2',
  rootDirectory: '/var/lib/docker',
  freeBytes: 80e9,
} satisfies Engine;

export const CLIENT: DockerClient = { path: '/usr/bin/docker', version: '28.5.2', buildx: '0.29.1', compose: '2.40.3' };

/** An engine that does not answer. */
export function engineDown(more: Partial<Extract<Engine, { state: 'down' }>> = {}): Engine {
  return {
    state: 'down',
    host: undefined,
    reason: 'nothing',
    message: 'connect ENOENT /var/run/docker.sock',
    daemon: undefined,
    ...more,
  };
}

/** A Linux machine with that distribution, as root, without systemd. */
export function linux(
  id: string,
  version: string | undefined,
  codename: string,
  more: Partial<Platform> = {},
): Platform {
  return {
    os: 'linux',
    distribution: { id, version, codename, name: `${id} ${codename}` },
    root: true,
    systemd: false,
    inotifyInstances: 8192,
    ...more,
  };
}

export const BOOKWORM = linux('debian', '12', 'bookworm');

export const NOBLE = linux('ubuntu', '24.04', 'noble');
export const FEDORA = linux('fedora', '43', '', { root: false, systemd: true });
export const MAC: Platform = {
  os: 'darwin',
  distribution: undefined,
  root: false,
  systemd: false,
  inotifyInstances: undefined,
};

/** A machine on which all tools are installed and the engine answers. */
export function complete(platform: Platform, more: Partial<ObservedTools> = {}): ObservedTools {
  return {
    platform,
    node: '24.21.0',
    just: { path: '/usr/bin/just', version: '1.57.0' },
    git: { path: '/usr/bin/git', version: '2.39.5' },
    kind: { path: '/usr/bin/kind', version: '0.33.0' },
    go: { path: '/usr/local/go/bin/go', version: '1.26.8' },
    debootstrap: { path: '/usr/sbin/debootstrap', version: undefined },
    dockerClients: [CLIENT],
    engine: ENGINE_UP,
    apt: platform.distribution?.id === 'debian' ? { sources: [ARCHIVE], dockerCe: false } : undefined,
    ...more,
  };
}

/** A machine with no tool but Node. */
export function bare(platform: Platform, more: Partial<ObservedTools> = {}): ObservedTools {
  const nothing = { just: undefined, git: undefined, kind: undefined, go: undefined, debootstrap: undefined };
  return complete(platform, { ...nothing, dockerClients: [], engine: engineDown(), ...more });
}
