import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync } from 'node:fs';
import { createServer, connect, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { createServer as createSecureServer } from 'node:tls';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { DockerEngine } from '../../src/docker/engine.ts';
import { plant, scratch } from '../support/scratch.ts';

const servers: Server[] = [];

afterEach(() => {
  servers.splice(0).forEach((server) => server.close());
  vi.unstubAllEnvs();
});

async function listening(server: Server): Promise<number> {
  servers.push(server.listen(0, '127.0.0.1'));
  await new Promise((resolve) => server.once('listening', resolve));
  return (server.address() as AddressInfo).port;
}

const quick = { pulse: 100, ping: 100, silence: 1_000 };

describe('an engine that accepts connections and never answers', () => {
  it('is reported as down, over a network too', async () => {
    const port = await listening(createServer());
    const engine = DockerEngine.of({ DOCKER_HOST: `tcp://127.0.0.1:${port}` }, { patience: quick });
    const down = { code: 'DOCKER_DOWN', message: expect.stringContaining('did not answer within') };
    await expect(engine.ask('GET', '/version')).rejects.toMatchObject(down);
    await expect(engine.api.info()).rejects.toMatchObject(down);
  });

  it('does not keep an interruption waiting, and later requests clean up', async () => {
    const port = await listening(createServer());
    const controller = new AbortController();
    const env = { DOCKER_HOST: `tcp://127.0.0.1:${port}` };
    const engine = DockerEngine.of(env, { signal: controller.signal });
    const asking = [engine.ask('GET', '/version'), engine.api.info()];
    setTimeout(() => controller.abort(), 50);
    for (const each of asking) await expect(each).rejects.toMatchObject({ code: 'INTERRUPTED' });
    const real = DockerEngine.of(process.env, { signal: controller.signal });
    expect((await real.ask('GET', '/_ping')).status).toBe(200);
  });
});

describe('an engine with certificates', () => {
  it('is spoken to with those of its context, and only if it is the right one', async () => {
    const directory = scratch();
    const certificate = (name: string) =>
      execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
        .concat(['-keyout', `${name}-key.pem`, '-out', `${name}.pem`, '-days', '1', '-subj', '/CN=localhost'])
        .concat(['-addext', 'subjectAltName=IP:127.0.0.1']), { cwd: directory, stdio: 'ignore' }); // prettier-ignore
    certificate('engine');
    certificate('other');
    const read = (name: string) => readFileSync(join(directory, name), 'utf8');
    const server = createSecureServer(
      { key: read('engine-key.pem'), cert: read('engine.pem'), ca: read('engine.pem'), requestCert: true },
      (incoming) => {
        const socket = connect('/var/run/docker.sock');
        incoming.pipe(socket).pipe(incoming);
        for (const end of [incoming, socket]) end.on('error', () => undefined).on('close', () => socket.destroy());
      },
    );
    const port = await listening(server);
    const id = '512eea46ceb3921dff4363c7069d89d4964d1d9fccaa0f411851a7aa60a5c868'; // sha256 of "far"
    const withCertificate = (name: string, skip = false) => {
      const endpoint = { Host: `tcp://127.0.0.1:${port}`, SkipTLSVerify: skip };
      const configuration = scratch();
      plant(configuration, {
        [`contexts/meta/${id}/meta.json`]: JSON.stringify({ Endpoints: { docker: endpoint } }),
        [`contexts/tls/${id}/docker/ca.pem`]: read(`${name}.pem`),
        [`contexts/tls/${id}/docker/cert.pem`]: read('engine.pem'),
        [`contexts/tls/${id}/docker/key.pem`]: read('engine-key.pem'),
      });
      return DockerEngine.of({ DOCKER_CONFIG: configuration, DOCKER_CONTEXT: 'far' });
    };
    expect((await withCertificate('engine').ask('GET', '/_ping')).status).toBe(200);
    expect(await withCertificate('engine').api.info()).toMatchObject({ ServerVersion: expect.any(String) });
    expect((await withCertificate('other', true).ask('GET', '/_ping')).status).toBe(200);
    await expect(withCertificate('other').ask('GET', '/_ping')).rejects.toMatchObject({ code: 'DOCKER_DOWN' });
  });
});

describe('an engine behind ssh', () => {
  it('is spoken to through the ssh program', async () => {
    const directory = scratch();
    const words = join(directory, 'words');
    plant(directory, { ssh: `#!/bin/sh\necho "$*" >> ${words}\nunset DOCKER_HOST\nexec docker system dial-stdio\n` });
    chmodSync(join(directory, 'ssh'), 0o755);
    vi.stubEnv('PATH', `${directory}:${process.env['PATH'] ?? ''}`);
    const engine = DockerEngine.of({ DOCKER_HOST: 'ssh://me@far' });
    expect((await engine.ask('GET', '/_ping')).status).toBe(200);
    expect(await engine.api.info()).toMatchObject({ ServerVersion: expect.any(String) });
    expect(readFileSync(words, 'utf8')).toContain('-l me -o ConnectTimeout=30 -T -- far docker system dial-stdio');
  });

  it('is down with what ssh said', async () => {
    const directory = scratch();
    plant(directory, { ssh: '#!/bin/sh\necho "Host key verification failed." >&2\nexit 255\n' });
    chmodSync(join(directory, 'ssh'), 0o755);
    vi.stubEnv('PATH', `${directory}:${process.env['PATH'] ?? ''}`);
    await expect(DockerEngine.of({ DOCKER_HOST: 'ssh://me@far' }).ask('GET', '/_ping')).rejects.toMatchObject({
      code: 'DOCKER_DOWN',
      message: expect.stringContaining('Host key verification failed.'),
    });
  });
});
