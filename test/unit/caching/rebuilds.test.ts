import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lastRebuild, newRebuild, rememberRebuild } from '../../../src/caching/rebuilds.ts';
import { scratch } from '../../support/scratch.ts';

describe('the last rebuild', () => {
  const surroundings = () => ({ XDG_CACHE_HOME: scratch(), DOCKER_HOST: 'unix:///here.sock' });

  it('is remembered for each image and engine', () => {
    const env = surroundings();
    expect(lastRebuild('shop/api:dev', env)).toBeUndefined();
    const [first, second] = [newRebuild(), newRebuild()];
    expect(second).not.toBe(first);
    rememberRebuild('shop/api:dev', first, env);
    rememberRebuild('shop/api:dev', second, env);
    expect(lastRebuild('shop/api:dev', env)).toBe(second);
    expect(lastRebuild('shop/web:dev', env)).toBeUndefined();
    expect(lastRebuild('shop/api:dev', { ...env, DOCKER_HOST: 'unix:///there.sock' })).toBeUndefined();
  });

  it('is none if the file is damaged', () => {
    const env = surroundings();
    rememberRebuild('shop/api:dev', newRebuild(), env);
    const directory = join(env.XDG_CACHE_HOME, 'kind-harness/rebuilds');
    const [file = ''] = readdirSync(directory);
    const text = readFileSync(join(directory, file), 'utf8');
    for (const damaged of [text.slice(0, 20), '{"rebuild":"evil host:1.2.3.4"}', 'null']) {
      writeFileSync(join(directory, file), damaged);
      expect(lastRebuild('shop/api:dev', env)).toBeUndefined();
    }
  });

  it('is not a reason to fail if it cannot be written', () => {
    const file = join(scratch(), 'file');
    writeFileSync(file, '');
    rememberRebuild('shop/api:dev', newRebuild(), { XDG_CACHE_HOME: file });
  });
});
