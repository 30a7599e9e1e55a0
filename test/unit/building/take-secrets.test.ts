import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { takeSecrets } from '../../../src/building/take-secrets.ts';
import type { Secret } from '../../../src/config/config.ts';
import { buildOptions } from '../../../src/freshness/build-options.ts';
import { imageIn } from '../../support/image-config.ts';
import { scratch } from '../../support/scratch.ts';

let root: string;
let env: NodeJS.ProcessEnv;
beforeEach(() => {
  root = scratch();
  env = { XDG_CACHE_HOME: root };
});

function take(secrets: Record<string, Secret>) {
  return takeSecrets(imageIn(root, { secrets }), env, join(root, 'Dockerfile'));
}

describe('the secrets of a build', () => {
  it('are passed with the value that they had, whatever happens to its source', () => {
    env['NPM_TOKEN'] = 'one';
    const file = join(root, 'a,b');
    writeFileSync(file, 'ä\n');
    const taken = take({ npm: { env: 'NPM_TOKEN' }, key: { file } });
    env['NPM_TOKEN'] = 'two';
    writeFileSync(file, 'changed');
    expect(taken.secrets).toEqual([
      { argument: 'id=npm,env=KIND_HARNESS_BUILD_SECRET_0', source: 'id=npm,env=NPM_TOKEN' },
      { argument: 'id=key,env=KIND_HARNESS_BUILD_SECRET_1', source: `id=key,"src=${file}"` },
    ]);
    expect(taken.env).toEqual({ KIND_HARNESS_BUILD_SECRET_0: 'one', KIND_HARNESS_BUILD_SECRET_1: 'ä\n' });
  });

  it('have the digests that the inputs have', () => {
    env['NPM_TOKEN'] = 'one';
    const secrets = { npm: { env: 'NPM_TOKEN' } };
    const { digests } = take(secrets);
    expect(digests['npm']).toBe(
      buildOptions(imageIn(root, { secrets }), { env, platform: 'linux/amd64' }).settings['secret npm'],
    );
    env['NPM_TOKEN'] = 'two';
    expect(take(secrets).digests['npm']).not.toBe(digests['npm']);
  });

  it.each<[string, Buffer]>([
    ['has a zero byte', Buffer.from('a\0b')],
    ['is no text', Buffer.from([0x80, 0xff])],
    ['is large', Buffer.alloc(70_000, 'x')],
  ])('are copied for their owner if a value %s', (_, value) => {
    const file = join(root, 'key');
    writeFileSync(file, value);
    const taken = take({ key: { file } });
    const copy = join(root, 'Dockerfile.secret-0');
    writeFileSync(file, 'changed');
    expect(taken.secrets).toEqual([{ argument: `id=key,src=${copy}`, source: `id=key,src=${file}` }]);
    expect(taken.env).toEqual({});
    expect(readFileSync(copy)).toEqual(value);
    expect(statSync(copy).mode & 0o777).toBe(0o600);
  });

  it('that are empty are passed, and those that are missing are left out', () => {
    env['EMPTY'] = '';
    const taken = take({ a: { env: 'NONE' }, b: { file: join(root, 'none') }, c: { env: 'EMPTY' } });
    expect(Object.keys(taken.digests)).toEqual(['c']);
    expect(taken.secrets).toEqual([{ argument: 'id=c,env=KIND_HARNESS_BUILD_SECRET_2', source: 'id=c,env=EMPTY' }]);
    expect(taken.env).toEqual({ KIND_HARNESS_BUILD_SECRET_2: '' });
    expect(existsSync(join(root, 'Dockerfile.secret-2'))).toBe(false);
  });
});
