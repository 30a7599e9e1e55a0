import { describe, expect, test } from 'vitest';
import { nothingToDo, planLines, planSetup } from '../../../src/setup/plan.ts';
import { bare, BOOKWORM, CLIENT, complete, engineDown, FEDORA, linux, MAC, NOBLE } from './machines.ts';

const INSTALLED_BUT_DOWN = engineDown({ daemon: '/usr/sbin/dockerd' });

describe('a machine with all tools', () => {
  test.each([
    ['Debian', BOOKWORM],
    ['Ubuntu', NOBLE],
    ['Fedora', FEDORA],
    ['macOS', MAC],
  ])('%s: nothing is done', (_, platform) => {
    const plan = planSetup(complete(platform));
    expect(nothingToDo(plan)).toBe(true);
    expect(planLines(plan)).toEqual([]);
  });

  test('a missing compose alone is no reason to install anything', () => {
    const plan = planSetup(complete(BOOKWORM, { dockerClients: [{ ...CLIENT, compose: undefined }] }));
    expect(nothingToDo(plan)).toBe(true);
  });

  test('a client without plugins before the one that has them is no reason to install anything', () => {
    const other = { path: '/usr/local/bin/docker', version: '28.2.2', buildx: undefined, compose: undefined };
    expect(nothingToDo(planSetup(complete(BOOKWORM, { dockerClients: [other, CLIENT] })))).toBe(true);
  });
});

describe('Debian as root', () => {
  test('a bare machine: the newer suite from its own archive, pinned low, then one installation, then dockerd', () => {
    const plan = planSetup(bare(BOOKWORM));
    expect(plan.files).toEqual([
      { path: '/etc/apt/preferences.d/kind-harness', text: 'Package: *\nPin: release n=forky\nPin-Priority: 100\n' },
      {
        path: '/etc/apt/sources.list.d/kind-harness.sources',
        text: 'Types: deb\nURIs: http://archive.example/debian\nSuites: forky\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n',
      },
    ]);
    expect(plan.commands.map((command) => command.slice(3))).toEqual([
      ['update'],
      [
        ...[
          'install',
          '-y',
          '--no-remove',
          '--no-install-recommends',
          'docker.io/forky',
          'containerd/forky',
          'tini-static',
          'iptables',
        ],
        ...['docker-cli/forky', 'docker-buildx/forky', 'kind/forky', 'docker-compose/forky'],
      ],
    ]);
    expect(plan.startDocker).toBe('dockerd');
    expect(plan.byHand).toEqual([]);
    expect(plan.why).toHaveLength(4);
  });

  test('only what is missing is installed', () => {
    const plan = planSetup(complete(BOOKWORM, { kind: undefined }));
    expect(plan.install).toEqual(['kind']);
    expect(plan.commands.at(-1)?.slice(-2)).toEqual(['--no-install-recommends', 'kind/forky']);
    expect(plan.startDocker).toBeUndefined();
  });

  test('a kind that is too old is replaced, and the reason has its version', () => {
    const plan = planSetup(complete(BOOKWORM, { kind: { path: '/usr/local/bin/kind', version: '0.20.0' } }));
    expect(plan.install).toEqual(['kind']);
    expect(plan.why).toEqual(['kind 0.20.0 at /usr/local/bin/kind is older than 0.31.0.']);
  });

  test('missing Go and debootstrap are no reason to install anything: the build of the node image does', () => {
    expect(nothingToDo(planSetup(complete(BOOKWORM, { go: undefined, debootstrap: undefined })))).toBe(true);
  });

  test('a suite that apt knows already is not added again', () => {
    const sources = [
      { uris: ['http://other.example/debian'], suites: ['forky'], components: ['main'], signedBy: undefined },
    ];
    const plan = planSetup(bare(BOOKWORM, { apt: { sources, dockerCe: false } }));
    expect(plan.files).toEqual([]);
    expect(plan.commands.at(-1)).toContain('kind/forky');
  });

  test.each([
    ['testing', undefined, 'forky'],
    ['Debian 14', '14', 'forky'],
  ])('%s has all packages itself', (_, version, codename) => {
    const plan = planSetup(bare(linux('debian', version, codename)));
    expect(plan.files).toEqual([]);
    expect(plan.commands.at(-1)).toEqual(expect.arrayContaining(['docker.io', 'kind']));
  });

  test('next to Docker’s own packages, Docker’s own plugins are installed: Debian’s would replace them', () => {
    const tools = complete(BOOKWORM, {
      dockerClients: [{ ...CLIENT, buildx: undefined, compose: undefined }],
      apt: { sources: [], dockerCe: true },
    });
    const plan = planSetup(tools);
    expect(plan.files).toEqual([]);
    expect(plan.commands.at(-1)?.slice(-2)).toEqual(['docker-buildx-plugin', 'docker-compose-plugin']);
  });

  test('without a known archive nothing is installed, and the reason is printed', () => {
    const plan = planSetup(bare(BOOKWORM, { apt: { sources: [], dockerCe: false } }));
    expect(plan.commands).toEqual([]);
    expect(plan.startDocker).toBeUndefined();
    expect(plan.byHand[0]).toMatch(/have no archive/);
  });
});

describe('Debian without root', () => {
  const user = linux('debian', '12', 'bookworm', { root: false, systemd: true });

  test('nothing is run; the exact commands are printed', () => {
    const plan = planSetup(bare(user));
    expect(plan.commands).toEqual([]);
    expect(plan.files).toEqual([]);
    expect(plan.startDocker).toBeUndefined();
    expect(plan.code).toBe('SETUP');
    expect(plan.byHand.join('\n')).toMatchInlineSnapshot(`
      "sudo tee /etc/apt/preferences.d/kind-harness <<'EOF'
      Package: *
      Pin: release n=forky
      Pin-Priority: 100
      EOF
      sudo tee /etc/apt/sources.list.d/kind-harness.sources <<'EOF'
      Types: deb
      URIs: http://archive.example/debian
      Suites: forky
      Components: main
      Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
      EOF
      sudo apt-get -o DPkg::Lock::Timeout=300 update
      sudo apt-get -o DPkg::Lock::Timeout=300 install -y --no-remove --no-install-recommends docker.io/forky containerd/forky tini-static iptables docker-cli/forky docker-buildx/forky kind/forky docker-compose/forky
      sudo systemctl start docker
      sudo usermod -aG docker "$USER"
      newgrp docker   # or log in again"
    `);
  });

  test('an engine that denies access to this user is not reinstalled', () => {
    const plan = planSetup(
      complete(user, { engine: engineDown({ reason: 'denied', message: 'connect EACCES /var/run/docker.sock' }) }),
    );
    expect(plan.install).toEqual([]);
    expect(plan.code).toBe('DOCKER_DOWN');
    expect(plan.byHand[0]).toBe('sudo usermod -aG docker "$USER"');
  });

  test('Docker down: the command that starts it', () => {
    const plan = planSetup(complete(user, { engine: INSTALLED_BUT_DOWN }));
    expect(plan).toMatchObject({
      code: 'DOCKER_DOWN',
      byHand: ['sudo systemctl start docker'],
      startDocker: undefined,
    });
  });
});

describe('Docker down, as root', () => {
  test('is started as a service with systemd', () => {
    const plan = planSetup(
      complete(linux('debian', '12', 'bookworm', { systemd: true }), { engine: INSTALLED_BUT_DOWN }),
    );
    expect(plan).toMatchObject({ install: [], startDocker: 'systemctl', byHand: [] });
    expect(plan.why).toEqual(['Docker does not answer: connect ENOENT /var/run/docker.sock']);
  });

  test('is started as a daemon without systemd, on any Linux', () => {
    expect(planSetup(complete(linux('arch', undefined, ''), { engine: INSTALLED_BUT_DOWN })).startDocker).toBe(
      'dockerd',
    );
  });

  test('an engine at an address that the user chose is neither installed nor started', () => {
    const engine = engineDown({ host: 'tcp://build.example:2376', message: 'connect ECONNREFUSED' });
    const plan = planSetup(complete(BOOKWORM, { engine }));
    expect(plan).toMatchObject({ install: [], startDocker: undefined, code: 'DOCKER_DOWN' });
    expect(plan.byHand[0]).toContain('tcp://build.example:2376');
  });
});

describe('Ubuntu', () => {
  test('as root with Go: Docker from its archive, kind from source', () => {
    const plan = planSetup(bare(NOBLE, { go: { path: '/usr/local/go/bin/go', version: '1.26.8' } }));
    expect(plan.commands.map((command) => command.filter((word) => !word.startsWith('-')))).toEqual([
      ['apt-get', 'DPkg::Lock::Timeout=300', 'update'],
      ['apt-get', 'DPkg::Lock::Timeout=300', 'install', 'docker.io', 'iptables', 'docker-buildx', 'docker-compose-v2'],
      ['env', 'GOTOOLCHAIN=auto', 'GOBIN=/usr/local/bin', 'go', 'install', 'sigs.k8s.io/kind@v0.33.0'],
    ]);
    expect(plan.byHand).toEqual([]);
    expect(plan.startDocker).toBe('dockerd');
  });

  test('as root without Go: Docker is installed and kind is left to the user', () => {
    const plan = planSetup(bare(NOBLE));
    expect(plan.install).not.toContain('kind');
    expect(plan.commands.at(-1)).toContain('docker.io');
    expect(plan.byHand.at(-1)).toContain('go install sigs.k8s.io/kind@v0.33.0');
  });

  test('without root everything is left to the user', () => {
    const plan = planSetup(bare(linux('ubuntu', '24.04', 'noble', { root: false, systemd: true })));
    expect(plan.commands).toEqual([]);
    expect(plan.byHand[0]).toBe(
      'sudo apt-get install --no-install-recommends docker.io iptables docker-buildx docker-compose-v2',
    );
    expect(plan.byHand).toContain('sudo systemctl start docker');
  });
});

describe('elsewhere the commands are printed and nothing is run', () => {
  test('macOS without any tool', () => {
    expect(planSetup(bare(MAC))).toMatchObject({
      commands: [],
      startDocker: undefined,
      code: 'SETUP',
      byHand: ['brew install --cask docker-desktop', 'open -a Docker', 'brew install kind'],
    });
  });

  test('macOS with Docker Desktop closed', () => {
    const plan = planSetup(complete(MAC, { engine: engineDown({ daemon: '/Applications/Docker.app' }) }));
    expect(plan).toMatchObject({ code: 'DOCKER_DOWN', byHand: ['open -a Docker'] });
  });

  test('Fedora', () => {
    const plan = planSetup(bare(FEDORA));
    expect(plan.byHand[0]).toBe('sudo dnf install moby-engine docker-cli docker-buildx docker-compose');
    expect(plan.byHand).toContain('sudo systemctl start docker');
  });

  test('an unknown Linux, even as root: links to the documentation', () => {
    const plan = planSetup(bare(linux('plan9', undefined, '')));
    expect(plan.commands).toEqual([]);
    expect(plan.startDocker).toBeUndefined();
    expect(plan.byHand.join('\n')).toContain('https://docs.docker.com/engine/install/');
  });
});
