import { describe, expect, it } from 'vitest';
import { environmentFor, resolveEngine } from '../../../src/endpoint/host.ts';
import { sshCommand } from '../../../src/endpoint/ssh.ts';
import { plant, scratch } from '../../support/scratch.ts';

const FAR = '512eea46ceb3921dff4363c7069d89d4964d1d9fccaa0f411851a7aa60a5c868'; // sha256 of "far"

/** The directory of a client's configuration whose current context is `far`. */
function configuration(endpoint: object, more: Record<string, string> = {}): string {
  const directory = scratch();
  plant(directory, {
    'config.json': '{"currentContext":"far"}',
    [`contexts/meta/${FAR}/meta.json`]: JSON.stringify({ Endpoints: { docker: endpoint } }),
    ...more,
  });
  return directory;
}

describe('the engine', () => {
  it('is that of the current context, also if the variables are empty', () => {
    const DOCKER_CONFIG = configuration({ Host: 'unix:///far.sock' });
    const env = { DOCKER_CONFIG, DOCKER_HOST: '', DOCKER_CONTEXT: '' };
    expect(resolveEngine(env)).toEqual({ host: 'unix:///far.sock', context: 'far' });
    expect(resolveEngine({ ...env, DOCKER_CONTEXT: 'default' })).toEqual({ host: undefined });
    expect(resolveEngine({ ...env, DOCKER_HOST: '1.2.3.4:2375' })).toEqual({ host: 'tcp://1.2.3.4:2375' });
    expect(resolveEngine({ ...env, DOCKER_CONTEXT: 'none' }).problem).toBe('Docker has no context named none');
  });

  it('has the certificates of its context, or those of the environment', () => {
    const DOCKER_CONFIG = configuration({ Host: 'tcp://far:2376' }, { [`contexts/tls/${FAR}/docker/ca.pem`]: 'x' });
    const directory = `${DOCKER_CONFIG}/contexts/tls/${FAR}/docker`;
    expect(resolveEngine({ DOCKER_CONFIG }).tls).toEqual({ directory, verify: true });
    const careless = configuration({ Host: 'tcp://far:2376', SkipTLSVerify: true });
    expect(resolveEngine({ DOCKER_CONFIG: careless }).tls?.verify).toBe(false);
    const env = { DOCKER_HOST: 'tcp://a:1', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/certs' };
    expect(resolveEngine(env).tls).toEqual({ directory: '/certs', verify: true });
  });

  it.each([
    [
      'a host',
      { DOCKER_HOST: 'tcp://a:1', DOCKER_CONTEXT: 'far', DOCKER_TLS_VERIFY: '1' },
      'tcp://a:1',
      undefined,
      '1',
    ],
    ['a context', { DOCKER_CONTEXT: '', DOCKER_HOST: '', DOCKER_TLS_VERIFY: '1' }, undefined, 'far', undefined],
    [
      'the default',
      { DOCKER_CONTEXT: 'default' },
      expect.stringMatching(/^unix:.*docker\.sock$/),
      undefined,
      undefined,
    ],
  ])('is the only one that programs find: %s', (_, given, host, context, verify) => {
    const env = { PATH: '/bin', DOCKER_CONFIG: configuration({ Host: 'unix:///far.sock' }), ...given };
    const found = environmentFor(resolveEngine(env), { ...env, KIND_EXPERIMENTAL_PROVIDER: 'podman' });
    expect(found).toMatchObject({ PATH: '/bin', KIND_EXPERIMENTAL_PROVIDER: 'docker' });
    expect([found['DOCKER_HOST'], found['DOCKER_CONTEXT'], found['DOCKER_TLS_VERIFY']]).toEqual([
      host,
      context,
      verify,
    ]);
  });
});

it('ssh is called as by Docker', () => {
  expect(sshCommand(new URL('ssh://me@far:2222/run/d.sock')).join(' ')).toBe(
    'ssh -l me -p 2222 -o ConnectTimeout=30 -T -- far docker --host unix:///run/d.sock system dial-stdio',
  );
});
