import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DockerEngine } from '../../../src/docker/engine.ts';
import { scratch } from '../../support/scratch.ts';

/** An engine that gives these answers, by path. */
async function engineWith(answers: Record<string, object>, directory = scratch()) {
  const asked: string[] = [];
  const server = createServer(({ url = '' }, answer) => {
    asked.push(url);
    const known = answers[url];
    answer
      .writeHead(known ? 200 : 500, { 'content-type': 'application/json', connection: 'close' })
      .end(JSON.stringify(known ?? {}));
  });
  const socket = join(directory, 'docker.sock');
  await new Promise<void>((listening) => server.listen(socket, listening));
  const stop = () => new Promise((resolve) => server.close(resolve));
  onTestFinished(() => void server.close());
  const open = () => DockerEngine.of({ DOCKER_HOST: `unix://${socket}`, XDG_CACHE_HOME: directory });
  return { engine: open(), open, asked, stop };
}

describe("the engine's platform", () => {
  it.each([
    [{ Os: 'linux', Arch: 'amd64' }, 'linux/amd64'],
    [{ Os: 'linux', Arch: 'arm64' }, 'linux/arm64'],
    [{ Os: 'windows', Arch: 'amd64' }, 'windows/amd64'],
  ])('is what it says, whatever this process runs on: %o', async (version, platform) => {
    const { engine, asked } = await engineWith({ '/version': version });
    expect(await Promise.all([engine.platform(), engine.platform()])).toEqual([platform, platform]);
    expect(await engine.architecture()).toBe(version.Arch);
    expect(asked).toEqual(['/version']);
  });

  it.each([
    ['armv7l', 'linux/arm/v7'],
    ['armv6l', 'linux/arm/v6'],
    ['aarch64', 'linux/arm/v8'],
    ['unknown', 'linux/arm/v7'],
  ])('has a variant for 32-bit ARM: %s', async (Architecture, platform) => {
    const { engine } = await engineWith({ '/version': { Os: 'linux', Arch: 'arm' }, '/info': { Architecture } });
    expect(await engine.platform()).toBe(platform);
    expect(await engine.architecture()).toBe('arm');
  });

  it('is asked again after a failure', async () => {
    const answers: Record<string, object> = {};
    const { engine } = await engineWith(answers);
    await expect(engine.platform()).rejects.toThrow('Docker answered 500');
    answers['/version'] = { Os: 'linux', Arch: 'arm64' };
    expect(await engine.platform()).toBe('linux/arm64');
  });

  it('is remembered until another engine listens at the same address', async () => {
    const directory = scratch();
    const first = await engineWith({ '/version': { Os: 'linux', Arch: 'amd64' } }, directory);
    expect(await first.open().platform()).toBe('linux/amd64');
    expect(await first.open().platform()).toBe('linux/amd64');
    expect(first.asked).toEqual(['/version']);
    await first.stop();
    const second = await engineWith({ '/version': { Os: 'linux', Arch: 'arm64' } }, directory);
    expect(await second.open().platform()).toBe('linux/arm64');
    expect(second.asked).toEqual(['/version']);
  });
});
