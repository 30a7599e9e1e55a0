import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { DockerImage } from '../../../src/docker/engine.ts';
import { dockerHost } from '../../../src/endpoint/host.ts';
import { ImageDigests } from '../../../src/loading/image-digest.ts';
import { readState, removeState, writeDurably, writeState } from '../../../src/machine/state-file.ts';
import { plant, scratch } from '../../support/scratch.ts';

describe('a state file', () => {
  it('is written atomically, with its mode, in a directory that git ignores', () => {
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

  it('can be written so that a power cut does not take it, with nothing left beside it', () => {
    const root = scratch();
    writeDurably(join(root, 'x.json'), '1', 0o600);
    writeDurably(join(root, 'x.json'), '2', 0o600);
    expect(readState(join(root, 'x.json'))).toBe(2);
    expect(readdirSync(root)).toEqual(['x.json']);
  });

  it("counts as missing if it is damaged, and leaves the user's .gitignore unchanged", () => {
    const root = scratch();
    plant(root, { '.harness/.gitignore': 'mine', '.harness/x.json': '{"a"' });
    expect(readState(join(root, '.harness/x.json'))).toBeUndefined();
    writeState(join(root, '.harness/x.json'), '1');
    expect(readFileSync(join(root, '.harness/.gitignore'), 'utf8')).toBe('mine');
  });
});

describe('the digest of an image in a node', () => {
  const image = (id: string, inContainerd: boolean): DockerImage => ({
    id,
    inContainerd,
    tags: [],
    layers: [],
    repoDigests: [],
    onBuild: [],
    config: {},
    platform: 'linux/amd64',
    env: [],
    created: new Date(0),
    size: 1,
    labels: {},
  });

  it("is the engine's own id with overlay2", () => {
    expect(new ImageDigests(scratch()).of(image('sha256:1', false))).toBe('sha256:1');
  });

  it('is learned from a node with the containerd store, and stored', () => {
    const directory = scratch();
    const digests = new ImageDigests(directory);
    const index = image('sha256:index', true);
    expect(digests.of(index)).toBeUndefined();
    digests.learn(index, 'sha256:config');
    expect(new ImageDigests(directory).of(index)).toBe('sha256:config');
    digests.learn({ ...index, manifest: 'sha256:m' }, 'sha256:config2');
    expect(digests.of({ ...image('sha256:rebuilt', true), manifest: 'sha256:m' })).toBe('sha256:config2');
    for (let i = 0; i < 250; i++) digests.learn(image(`sha256:${i}`, true), 'x');
    expect(digests.of(index)).toBeUndefined();
    expect(digests.of(image('sha256:249', true))).toBe('x');
  });
});

describe('the address of Docker', () => {
  it("is the one that Docker's own client would use", () => {
    const directory = scratch();
    const id = '512eea46ceb3921dff4363c7069d89d4964d1d9fccaa0f411851a7aa60a5c868'; // sha256 of "far"
    plant(directory, {
      [`contexts/meta/${id}/meta.json`]: JSON.stringify({ Endpoints: { docker: { Host: 'unix:///far.sock' } } }),
    });
    const env = { DOCKER_CONFIG: directory };
    expect(dockerHost(env)).toBeUndefined();
    expect(dockerHost({ ...env, DOCKER_HOST: 'tcp://1.2.3.4:2375' })).toBe('tcp://1.2.3.4:2375');
    expect(dockerHost({ ...env, DOCKER_CONTEXT: 'default' })).toBeUndefined();

    expect(dockerHost({ ...env, DOCKER_CONTEXT: 'far' })).toBe('unix:///far.sock');
    writeFileSync(join(directory, 'config.json'), '{"currentContext":"far"}');
    expect(dockerHost(env)).toBe('unix:///far.sock');
    writeFileSync(join(directory, 'config.json'), 'damaged');
    expect(dockerHost(env)).toBeUndefined();
  });
});
