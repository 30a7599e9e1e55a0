import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { secretKey } from '../../../src/machine/secret-key.ts';
import { scratch } from '../../support/scratch.ts';

describe('the key for digests of secrets', () => {
  it('is created once and only its owner can read it', () => {
    const env = { XDG_CACHE_HOME: scratch() };
    const key = secretKey(env);
    expect(key).toHaveLength(32);
    expect(secretKey(env)).toEqual(key);
    expect(secretKey({ XDG_CACHE_HOME: scratch() })).not.toEqual(key);
    const directory = join(env.XDG_CACHE_HOME, 'kind-harness');
    expect(readdirSync(directory)).toEqual(['secret-key']);
    expect(statSync(join(directory, 'secret-key')).mode & 0o777).toBe(0o600);
  });

  it('is recreated if it was damaged', () => {
    const env = { XDG_CACHE_HOME: scratch() };
    secretKey(env);
    const path = join(env.XDG_CACHE_HOME, 'kind-harness', 'secret-key');
    writeFileSync(path, 'short', { mode: 0o644 });
    const key = secretKey(env);
    expect(key).toHaveLength(32);
    expect(readFileSync(path)).toEqual(key);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('comes from `HARNESS_SECRET_KEY` if that is set', () => {
    const env = { XDG_CACHE_HOME: scratch(), HARNESS_SECRET_KEY: 'shared' };
    expect(secretKey(env).toString()).toBe('shared');
    expect(readdirSync(env.XDG_CACHE_HOME)).toEqual([]);
  });
});
