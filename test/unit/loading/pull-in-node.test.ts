import { afterEach, describe, expect, it, vi } from 'vitest';
import type { DockerEngine } from '../../../src/docker/engine.ts';
import * as containers from '../../../src/docker/exec.ts';
import { pullInNode } from '../../../src/loading/pull-in-node.ts';
import { authorization } from '../../../src/registry/credential.ts';

vi.mock(import('../../../src/docker/exec.ts'), { spy: true });
afterEach(() => vi.mocked(containers.tryExec).mockReset());

const order = {
  node: 'n',
  registry: { address: '172.18.0.9', password: 'hunter2' },
  reference: 'r/k@sha256:ab',
  name: 'docker.io/shop/api:dev',
  id: 'sha256:1',
  limit: 60_000,
};

/** A node whose pull ends only when it is killed. */
function slowNode(): string[] {
  const ended: string[] = [];
  let end: (result: containers.ExecResult) => void = () => undefined;
  vi.mocked(containers.tryExec).mockImplementation((_engine, _node, argv) => {
    if (argv[0] !== 'pkill') return new Promise((resolve) => (end = resolve));
    ended.push(argv.join(' '));
    end({ exitCode: 143, stdout: '', stderr: '' });
    return Promise.resolve({ exitCode: 0, stdout: '', stderr: '' });
  });
  return ended;
}

describe('a pull in a node', () => {
  it('that takes too long is killed in the node, and reported', async () => {
    const ended = slowNode();
    await expect(pullInNode({} as DockerEngine, { ...order, limit: 1 })).rejects.toMatchObject({
      code: 'LOAD',
      message: 'Node n did not finish pulling docker.io/shop/api:dev within 1 ms.',
    });
    expect(ended).toEqual(['pkill -f ^crictl pull r/k@sha256:ab$']);
  });

  it('that is interrupted is killed in the node', async () => {
    const ended = slowNode();
    const interruption = new AbortController();
    const pull = pullInNode({} as DockerEngine, order, interruption.signal);
    interruption.abort();
    await expect(pull).rejects.toThrow('abort');
    expect(ended).toHaveLength(1);
  });

  it('is not started after an interruption', async () => {
    await expect(pullInNode({} as DockerEngine, order, AbortSignal.abort())).rejects.toThrow('abort');
    expect(containers.tryExec).not.toHaveBeenCalled();
  });

  it('reports what the node has then, without confusing it with the output of the pull', async () => {
    const stdout = JSON.stringify({ images: [{ id: 'sha256:1', repoTags: [order.name], size: '7' }] });
    const stderr = 'Image is up to date for sha256:1\nsha256:2   Committed\nsha256:3 sha256:2 Committed\n';
    vi.mocked(containers.tryExec).mockResolvedValue({ exitCode: 0, stdout, stderr });
    expect((await pullInNode({} as DockerEngine, order)).content).toEqual({
      images: [{ id: 'sha256:1', names: [order.name], size: 7 }],
      unpacked: new Set(['sha256:2', 'sha256:3']),
    });
  });

  it('logs in with a header, which is not among the arguments of the program', async () => {
    vi.mocked(containers.tryExec).mockResolvedValue({ exitCode: 0, stdout: '{"images":[]}', stderr: '' });
    await pullInNode({} as DockerEngine, order);
    const [, , argv, options] = vi.mocked(containers.tryExec).mock.calls[0] ?? [];
    expect(options?.env?.['HOSTS']).toContain(`Authorization = "${authorization('hunter2')}"`);
    expect(JSON.stringify(argv)).not.toContain(authorization('hunter2').slice('Basic '.length));
  });

  it('that fails returns its output', async () => {
    vi.mocked(containers.tryExec).mockResolvedValue({ exitCode: 1, stdout: '', stderr: 'no' });
    expect(await pullInNode({} as DockerEngine, order)).toEqual({ output: 'no' });
  });
});
