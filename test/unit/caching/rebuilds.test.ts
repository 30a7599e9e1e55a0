import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lastRebuild, newRebuild, rememberRebuild } from '../../../src/caching/rebuilds.ts';
import { scratch } from '../../support/scratch.ts';

const API = { reference: 'shop/api:dev' };

describe('the last rebuild', () => {
  const surroundings = () => ({ XDG_CACHE_HOME: scratch(), DOCKER_HOST: 'unix:///here.sock' });

  it('is remembered for each image and engine', () => {
    const env = surroundings();
    expect(lastRebuild(API, env)).toBeUndefined();
    const [first, second] = [newRebuild(), newRebuild()];
    expect(second).not.toBe(first);
    rememberRebuild(API, first, env);
    rememberRebuild(API, second, env);
    expect(lastRebuild(API, env)).toBe(second);
    expect(lastRebuild({ reference: 'shop/web:dev' }, env)).toBeUndefined();
    expect(lastRebuild(API, { ...env, DOCKER_HOST: 'unix:///there.sock' })).toBeUndefined();
  });

  it('is remembered for each profile that changes the image', () => {
    const env = surroundings();
    const [plain, production] = [newRebuild(), newRebuild()];
    rememberRebuild(API, plain, env);
    rememberRebuild({ ...API, profile: 'production' }, production, env);
    expect(lastRebuild(API, env)).toBe(plain);
    expect(lastRebuild({ ...API, profile: 'production' }, env)).toBe(production);
    expect(lastRebuild({ ...API, profile: 'development' }, env)).toBeUndefined();
  });

  it('is none if the file is damaged', () => {
    const env = surroundings();
    rememberRebuild(API, newRebuild(), env);
    const directory = join(env.XDG_CACHE_HOME, 'kind-harness/rebuilds');
    const [file = ''] = readdirSync(directory);
    const text = readFileSync(join(directory, file), 'utf8');
    for (const damaged of [text.slice(0, 20), '{"rebuild":"evil host:1.2.3.4"}', 'null']) {
      writeFileSync(join(directory, file), damaged);
      expect(lastRebuild(API, env)).toBeUndefined();
    }
  });

  it('is not a reason to fail if it cannot be written', () => {
    const file = join(scratch(), 'file');
    writeFileSync(file, '');
    rememberRebuild(API, newRebuild(), { XDG_CACHE_HOME: file });
  });
});
