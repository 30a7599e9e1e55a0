import { EventEmitter } from 'node:events';
import * as chokidar from 'chokidar';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Changes } from '../../../src/dev/file-changes.ts';

vi.mock(import('chokidar'), { spy: true });

afterEach(() => void vi.useRealTimers());

/** A watcher whose events the test emits. */
async function watched(beforeReady: (watcher: EventEmitter) => void = () => undefined) {
  const watcher = new EventEmitter();
  vi.mocked(chokidar.watch).mockReturnValue(watcher as chokidar.FSWatcher);
  const notes: string[] = [];
  const started = Changes.below(['/repo'], '/repo/.harness', (note) => notes.push(note));
  beforeReady(watcher);
  watcher.emit('ready');
  return { watcher, notes, changes: await started };
}

describe('watched changes', () => {
  const { signal } = new AbortController();

  it('are taken together', async () => {
    const { watcher, changes } = await watched();
    const taken = changes.take(signal);
    watcher.emit('all', 'add', '/repo/a');
    watcher.emit('all', 'change', '/repo/b');
    expect(await taken).toEqual(['/repo/a', '/repo/b']);
    expect(changes.isBlind).toBe(false);
  });

  it.each([
    ['while it runs', false],
    ['before it is ready', true],
  ])('are looked for every few seconds after an error of the watcher %s', async (_, early) => {
    const fail = (from: EventEmitter) => {
      from.emit('error', new Error('ENOSPC: no watches left'));
      from.emit('error', new Error('EACCES: /repo/secret'));
    };
    const { watcher, notes, changes } = await watched(early ? fail : undefined);
    vi.useFakeTimers();
    const taken = changes.take(signal);
    if (!early) fail(watcher);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await taken).toEqual([]);
    expect(changes.isBlind).toBe(true);
    expect(notes).toEqual([expect.stringContaining('ENOSPC: no watches left')]);
    const next = changes.take(signal);
    watcher.emit('all', 'change', '/repo/a');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await next).toEqual(['/repo/a']);
  });

  it('are not waited for after an interruption', async () => {
    const { changes } = await watched();
    const controller = new AbortController();
    const taken = changes.take(controller.signal);
    controller.abort();
    await expect(taken).rejects.toThrow();
  });
});
