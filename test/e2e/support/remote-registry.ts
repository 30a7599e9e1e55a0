import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DockerEngine } from '../../../src/docker/engine.ts';
import { ensureRegistryImage } from '../../../src/system-images/registry-image.ts';
import { docker, dockerLines, eventually } from './tools.ts';

/** A registry on this machine that stands for one on the internet. It asks for no password. */
export interface RemoteRegistry {
  /** Its container. */
  name: string;
  /** Its address on its network. */
  address: string;
  /** Where Docker reaches it. */
  host: string;
  /** Copies an image of Docker's into it. @returns its reference there */
  offer: (reference: string, name: string) => Promise<string>;
  remove: () => Promise<void>;
}

const SETTINGS = `version: 0.1
log: { level: warn }
storage: { filesystem: { rootdirectory: /var/lib/registry } }
http: { addr: ':5000' }
`;

/** Starts one on a Docker network. */
export async function startRemoteRegistry(name: string, network = 'bridge'): Promise<RemoteRegistry> {
  const image = await ensureRegistryImage(DockerEngine.of(process.env), { emit: () => undefined, env: process.env });
  const settings = '/etc/distribution/config.yml';
  const how = ['--publish', '127.0.0.1::5000', '--network', network, '--env', 'OTEL_TRACES_EXPORTER=none'];
  await docker('create', '--name', name, ...how, '--entrypoint', '/bin/registry', image, 'serve', settings);
  const remove = async () => {
    const left = await dockerLines('ps', '--all', '--quiet', '--filter', `name=^${name}$`);
    if (left.length > 0) await docker('rm', '--force', '--volumes', ...left);
  };
  try {
    const directory = mkdtempSync(join(tmpdir(), 'remote-'));
    writeFileSync(join(directory, 'config.yml'), SETTINGS);
    await docker('cp', join(directory, 'config.yml'), `${name}:${settings}`);
    rmSync(directory, { recursive: true });
    await docker('start', name);
    const [host = ''] = (await docker('port', name, '5000/tcp')).split('\n');
    const answers = () =>
      fetch(`http://${host}/v2/`).then(
        ({ ok }) => ok,
        () => false,
      );
    await eventually('the remote registry answers', answers);
    const offer = async (reference: string, offered: string) => {
      const there = `${host}/${offered}`;
      await docker('tag', reference, there);
      await docker('push', '--quiet', there);
      await docker('rmi', there);
      return there;
    };
    const address = await docker(
      'inspect',
      '--format',
      '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}',
      name,
    );
    return { name, host, address, offer, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
