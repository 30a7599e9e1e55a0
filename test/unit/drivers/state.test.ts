import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dockerHost } from '../../../src/drivers/docker-host.ts';
import { ImageDigests } from '../../../src/drivers/image-digest.ts';
import { readState, removeState, writeState } from '../../../src/drivers/state-file.ts';
import { plant, scratch } from '../../support/scratch.ts';

describe("a file of the harness's own", () => {
  it('is written whole, with its mode, in a directory that keeps itself out of git', () => {
    const root = scratch();
    const path = join(root, '.harness', 'deep', 'x.json');
    writeState(path, '{"a":1}', 0o600);
    expect(readState(path)).toEqual({ a: 1 });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(root, '.harness', 'deep'))).toEqual(['x.json']);
    expect(readFileSync(join(root, '.harness', '.gitignore'), 'utf8')).toBe('*\n');
    removeState(path);
    removeState(path);
    expect(readState(path)).toBeUndefined();
  });

  it("counts as absent when it is damaged, and leaves the user's .gitignore as it is", () => {
    const root = scratch();
    plant(root, { '.harness/.gitignore': 'mine', '.harness/x.json': '{"a"' });
    expect(readState(join(root, '.harness/x.json'))).toBeUndefined();
    writeState(join(root, '.harness/x.json'), '1');
    expect(readFileSync(join(root, '.harness/.gitignore'), 'utf8')).toBe('mine');
  });
});

describe('the digest by which nodes know an image', () => {
  it("is the engine's own id with overlay2", () => {
    expect(new ImageDigests(scratch(), false).of('sha256:1')).toBe('sha256:1');
  });

  it('is learned from a node with the containerd store, and kept', () => {
    const directory = scratch();
    const digests = new ImageDigests(directory, true);
    expect(digests.of('sha256:index')).toBeUndefined();
    digests.learn('sha256:index', 'sha256:config');
    expect(new ImageDigests(directory, true).of('sha256:index')).toBe('sha256:config');
    for (let i = 0; i < 250; i++) digests.learn(`sha256:${i}`, 'x');
    expect(digests.of('sha256:index')).toBeUndefined();
    expect(digests.of('sha256:249')).toBe('x');
  });
});

describe('where Docker listens', () => {
  it("is found as Docker's own client finds it", () => {
    const directory = scratch();
    const id = '512eea46ceb3921dff4363c7069d89d4964d1d9fccaa0f411851a7aa60a5c868'; // sha256 of "far"
    plant(directory, { [`contexts/meta/${id}/meta.json`]: JSON.stringify({ Endpoints: { docker: { Host: 'unix:///far.sock' } } }) });
    const env = { DOCKER_CONFIG: directory };
    expect(dockerHost(env)).toBeUndefined();
    expect(dockerHost({ ...env, DOCKER_HOST: 'tcp://1.2.3.4:2375' })).toBe('tcp://1.2.3.4:2375');
    expect(dockerHost({ ...env, DOCKER_CONTEXT: 'default' })).toBeUndefined();
    expect(dockerHost({ ...env, DOCKER_CONTEXT: 'unknown' })).toBeUndefined();
    expect(dockerHost({ ...env, DOCKER_CONTEXT: 'far' })).toBe('unix:///far.sock');
    writeFileSync(join(directory, 'config.json'), '{"currentContext":"far"}');
    expect(dockerHost(env)).toBe('unix:///far.sock');
    writeFileSync(join(directory, 'config.json'), 'damaged');
    expect(dockerHost(env)).toBeUndefined();
  });
});
