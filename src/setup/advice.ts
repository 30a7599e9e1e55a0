/** The commands for a user to run when this package may not, for each platform. Pure. */
import { printable } from '../machine/process.ts';
import type { Need } from './needs.ts';
import type { ObservedTools } from './observed.ts';
import { fedoraPackages, KIND_VERSION, kindFromSource, packagesFor, ubuntuPackages } from './packages.ts';
import { debianAdvice } from './plan-debian.ts';
import { OLDEST } from './versions.ts';

/** Commands that install these needs on this platform, or comments if there is no command. */
export function adviceFor(tools: ObservedTools, needs: readonly Need[]): string[] {
  const { platform, apt } = tools;
  if (needs.length === 0) return [];
  if (platform.os === 'darwin') return macAdvice(needs);
  switch (platform.distribution?.id) {
    case 'debian':
      return debianAdvice(tools, [...needs]);
    case 'ubuntu':
      return packageAdvice(
        'sudo apt-get install --no-install-recommends',
        packagesFor(needs, ubuntuPackages, apt?.dockerCe),
        needs,
      );
    case 'fedora':
      return packageAdvice('sudo dnf install', packagesFor(needs, fedoraPackages), needs);
    default:
      return needs.map((need) => GENERIC[need]);
  }
}

/** Whether `harness setup` can install tools on this system if it runs as root. */
export function installsItself({ platform }: ObservedTools): boolean {
  return platform.distribution?.id === 'debian' || platform.distribution?.id === 'ubuntu';
}

/** Allows a user without root to use the engine. */
const JOIN_GROUP = ['sudo usermod -aG docker "$USER"', 'newgrp docker   # or log in again'] as const;

/** Commands that make an installed engine answer. */
export function startAdvice({ platform, engine }: ObservedTools): string[] {
  if (engine.state === 'up') return [];
  if (engine.reason === 'denied') return [...JOIN_GROUP];
  if (engine.host !== undefined)
    return [
      `# Start the Docker engine at ${engine.host}, or unset DOCKER_HOST or DOCKER_CONTEXT to use the local one.`,
    ];
  if (platform.os === 'darwin') return ['open -a Docker'];
  if (platform.os !== 'linux') return ['# Start Docker Desktop.'];
  const start = platform.systemd ? 'sudo systemctl start docker' : 'sudo dockerd   # in another terminal';
  const justInstalled = engine.daemon === undefined && !platform.root;
  return justInstalled ? [start, ...JOIN_GROUP] : [start];
}

function macAdvice(needs: readonly Need[]): string[] {
  const lines: string[] = [];
  const wants = (need: Need) => needs.includes(need);
  // Docker Desktop includes the client and both plugins.
  if (wants('engine')) lines.push('brew install --cask docker-desktop', 'open -a Docker');
  else
    lines.push(...(['docker', 'buildx', 'compose'] as const).filter(wants).map((need) => `brew install ${BREW[need]}`));
  if (wants('kind')) lines.push('brew install kind');
  return lines;
}

const BREW = { docker: 'docker', buildx: 'docker-buildx', compose: 'docker-compose' };

function packageAdvice(install: string, packages: readonly string[], needs: readonly Need[]): string[] {
  const lines = packages.length > 0 ? [`${install} ${packages.join(' ')}`] : [];
  if (needs.includes('kind')) {
    lines.push(
      `# kind: with Go ${OLDEST.go} or newer, or a binary from https://kind.sigs.k8s.io/docs/user/quick-start/`,
      `sudo env "PATH=$PATH" ${printable(kindFromSource('/usr/local/bin'))}`,
    );
  }
  return lines;
}

const GENERIC: Readonly<Record<Need, string>> = {
  engine: '# Docker: https://docs.docker.com/engine/install/',
  docker: '# The docker client: https://docs.docker.com/engine/install/',
  buildx:
    '# docker buildx: https://docs.docker.com/build/install-buildx/ or the package docker-buildx of your distribution',
  compose: '# docker compose: https://docs.docker.com/compose/install/',
  kind: `# kind ${KIND_VERSION}: https://kind.sigs.k8s.io/docs/user/quick-start/ or \`${printable(kindFromSource())}\``,
};
