import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { openStreams } from '../../../src/cli/streams.ts';

function streams(env: NodeJS.ProcessEnv = {}) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()] as unknown as [
    NodeJS.WriteStream,
    NodeJS.WriteStream,
  ];
  stdout.isTTY = true;
  let closings = 0;
  const opened = openStreams({ stdout, stderr, env }, () => (closings += 1));
  const broken = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
  return { stdout, stderr, opened, broken, closings: () => closings };
}

describe('output', () => {
  it('is written to the streams of the process, line by line', () => {
    const { stdout, stderr, opened } = streams();
    opened.out('one');
    opened.err('two');
    expect([String(stdout.read()), String(stderr.read())]).toEqual(['one\n', 'two\n']);
  });

  it('is dropped once it has no reader, which is reported once', () => {
    const { stdout, opened, broken, closings } = streams();
    stdout.emit('error', broken);
    stdout.emit('error', broken);
    opened.out('lost');
    expect(stdout.read()).toBeNull();
    expect(closings()).toBe(1);
  });

  it('does not end the command if only the error output has no reader', () => {
    const { stdout, stderr, opened, broken, closings } = streams();
    stderr.emit('error', broken);
    opened.err('lost');
    opened.out('kept');
    expect([stderr.read(), String(stdout.read()), closings()]).toEqual([null, 'kept\n', 0]);
  });

  it('fails on any other error', () => {
    const { stdout } = streams();
    expect(() => stdout.emit('error', Object.assign(new Error('full'), { code: 'ENOSPC' }))).toThrow('full');
  });

  it('is a terminal unless it is in CI', () => {
    expect([streams().opened.terminal, streams({ CI: 'true' }).opened.terminal]).toEqual([true, false]);
  });
});
