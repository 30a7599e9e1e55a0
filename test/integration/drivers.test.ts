import { writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build } from '../../src/docker/buildx.ts';
import { DockerEngine, unlessMissing } from '../../src/docker/engine.ts';
import { readContainerFile, writeContainerFile } from '../../src/docker/files.ts';
import { PLAIN_BUILD } from '../support/build-request.ts';
import { plant, scratch } from '../support/scratch.ts';

const REFERENCE = `coretest/drivers:${process.pid}`;

let engine: DockerEngine;
beforeAll(async () => {
  engine = await DockerEngine.connect(process.env);
});
afterAll(async () => {
  await unlessMissing(engine.api.getImage(REFERENCE).remove({ force: true }));
});

const request = { ...PLAIN_BUILD, reference: REFERENCE };

describe('a build', () => {
  it('stores the image with labels and arguments, and with the same id if nothing changed', async () => {
    const context = scratch();
    plant(context, {
      Dockerfile: 'FROM scratch AS one\nARG WORD\nLABEL word=$WORD\nCOPY a /\nFROM scratch AS two\nCOPY a /b\n',
      a: 'x',
    });
    const lines: string[] = [];
    const parameters = { ...request, context, dockerfile: join(context, 'Dockerfile'), target: 'one' };
    await build({
      ...parameters,
      buildArgs: { WORD: 'a b' },
      labels: { 'dev.kind-harness.inputs': 'sha256:1' },
      onLine: (line) => lines.push(line),
    });
    const first = await engine.image(REFERENCE);
    expect(first).toMatchObject({ tags: [REFERENCE], labels: { word: 'a b', 'dev.kind-harness.inputs': 'sha256:1' } });
    expect(lines.join('\n')).toContain('COPY a /');
    await build({ ...parameters, buildArgs: { WORD: 'a b' }, labels: { 'dev.kind-harness.inputs': 'sha256:1' } });
    expect((await engine.image(REFERENCE))?.id).toBe(first?.id);
  });

  it('that fails reports the line and leaves the image unchanged', async () => {
    const context = scratch();
    plant(context, { Dockerfile: 'FROM scratch\nCOPY a /\n', a: 'x' });
    const parameters = { ...request, context, dockerfile: join(context, 'Dockerfile') };
    await build(parameters);
    const before = await engine.image(REFERENCE);
    writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\nCOPY no-such-file /\n');
    await expect(build(parameters)).rejects.toMatchObject({
      code: 'BUILD',
      detail: expect.stringContaining('no-such-file'),
    });
    expect((await engine.image(REFERENCE))?.id).toBe(before?.id);
  });

  it('can be interrupted', async () => {
    const context = scratch();
    plant(context, { Dockerfile: 'FROM scratch\n' });
    const parameters = { ...request, context, dockerfile: join(context, 'Dockerfile'), signal: AbortSignal.abort() };
    await expect(build(parameters)).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});

describe('the engine', () => {
  it('has no image with an unknown name', async () => {
    expect(await engine.image('coretest/none:none')).toBeUndefined();
  });

  it('is reported as down if nothing listens at its address', async () => {
    const env = { DOCKER_HOST: `unix://${join(scratch(), 'no.sock')}` };
    await expect(DockerEngine.connect(env)).rejects.toMatchObject({
      code: 'DOCKER_DOWN',
      message: expect.stringContaining('no.sock'),
    });
  });
});

describe('an engine on the network', () => {
  it('gives the same answers and refusals', async () => {
    const proxy = createServer((incoming) => {
      const socket = connect('/var/run/docker.sock');
      incoming.pipe(socket).pipe(incoming);
      for (const end of [incoming, socket])
        end.on('error', () => undefined).on('close', () => [incoming, socket].forEach((one) => one.destroy()));
    });
    await new Promise<void>((listening) => proxy.listen(0, '127.0.0.1', listening));
    try {
      const { port } = proxy.address() as AddressInfo;
      const remote = await DockerEngine.connect({ ...process.env, DOCKER_HOST: `tcp://127.0.0.1:${port}` });
      expect(await remote.json('GET', '/version')).toEqual(await engine.json('GET', '/version'));
      expect(await remote.image(`coretest/missing:${process.pid}`)).toBeUndefined();
      await expect(remote.json('POST', '/containers/create', { Image: '' })).rejects.toThrow(/./);
    } finally {
      proxy.close();
    }
  });
});

describe('a file in a stopped container', () => {
  it('can be written and read, and may be missing', async () => {
    const context = scratch();
    plant(context, {
      Dockerfile: 'FROM scratch\nCOPY . /kind/\n',
      'there.json': '{"a":1}',
      'large.txt': 'ü'.repeat(1_000),
    });
    await build({ ...request, context, dockerfile: join(context, 'Dockerfile') });
    const container = await engine.api.createContainer({ Image: REFERENCE, Cmd: ['never run'] });
    try {
      expect(await readContainerFile(engine, container.id, '/kind/there.json')).toBe('{"a":1}');
      expect(await readContainerFile(engine, container.id, '/kind/large.txt')).toBe('ü'.repeat(1_000));
      expect(await readContainerFile(engine, container.id, '/kind/none.json')).toBeUndefined();
      for (const text of ['{"b":"ü"}', '', 'x'.repeat(512), 'x'.repeat(513)]) {
        await writeContainerFile(engine, container.id, '/kind/new.json', text);
        expect(await readContainerFile(engine, container.id, '/kind/new.json')).toBe(text);
      }
      await expect(writeContainerFile(engine, container.id, `/kind/${'n'.repeat(100)}`, '')).rejects.toMatchObject({
        code: 'CLUSTER',
      });
      expect(await readContainerFile(engine, 'coretest-no-such-container', '/x')).toBeUndefined();
    } finally {
      await container.remove({ force: true });
    }
  });
});
