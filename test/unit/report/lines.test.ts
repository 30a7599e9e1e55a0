import { describe, expect, it, vi } from 'vitest';
import type { Event } from '../../../src/core/event.ts';
import { step } from '../../../src/core/step.ts';
import { plainReporter } from '../../../src/report/lines.ts';

function lines(events: Event[], verbose = false): string[] {
  const written: string[] = [];
  const emit = plainReporter((line) => written.push(line), verbose);
  events.forEach(emit);
  return written;
}

describe('plain lines', () => {
  it('show the start and end of steps, notes and output', () => {
    const title = 'image api is up to date (42 files), skipping build';
    expect(
      lines([
        { type: 'plan', steps: [] },
        { type: 'step', id: 'b', state: 'start', title: 'building' },
        { type: 'step', id: 'b', state: 'done', title: 'built', ms: 1_234 },
        { type: 'step', id: 'a', state: 'skipped', title, ms: 18 },
        { type: 'step', id: 'c', state: 'failed', title: 'loading', ms: 65_000 },
        { type: 'note', level: 'warning', message: 'stale' },
        { type: 'note', level: 'info', message: 'waiting' },
        { type: 'output', from: 'tests', line: '  as it is' },
      ]),
    ).toEqual([
      '▶️  building',
      '✅ built (1.2 s)',
      `✅ ${title} (18 ms)`,
      '❌ loading (1 min 5 s)',
      '⚠️  stale',
      'ℹ️  waiting',
      '  as it is',
    ]);
  });

  it('show progress at most every 5 seconds, or all of it with verbose', () => {
    const now = vi.spyOn(performance, 'now').mockReturnValue(10_000);
    const progress = (detail: string): Event => ({ type: 'step', id: 'b', state: 'progress', detail });
    const written: string[] = [];
    const emit = plainReporter((line) => written.push(line), false);
    emit({ type: 'step', id: 'b', state: 'start', title: 'building' });
    emit(progress('one'));
    now.mockReturnValue(16_000);
    emit(progress('two'));
    emit(progress('three'));
    now.mockRestore();
    expect(written).toEqual(['▶️  building', '   b: two']);
    expect(lines([progress('one'), progress('two')], true)).toEqual(['   b: one', '   b: two']);
  });
});

describe('a step', () => {
  it.each([
    [{}, 'done'],
    [{ skipped: true }, 'skipped'],
    [{ failed: true }, 'failed'],
  ] as const)('that ends with %j is %s', async (how, state) => {
    const events: Event[] = [];
    const value = await step(
      (event) => events.push(event),
      'x',
      'begin',
      ({ progress }) => {
        progress('half');
        return Promise.resolve({ title: 'end', value: 7, ...how });
      },
    );
    expect(value).toBe(7);
    expect(events).toEqual([
      { type: 'step', id: 'x', state: 'start', title: 'begin' },
      { type: 'step', id: 'x', state: 'progress', detail: 'half' },
      { type: 'step', id: 'x', state, title: 'end', ms: expect.any(Number) },
    ]);
  });

  it('that throws is reported as failed, and the error is rethrown', async () => {
    const events: Event[] = [];
    const error = new Error('why');
    await expect(
      step(
        (event) => events.push(event),
        'x',
        'begin',
        () => Promise.reject(error),
      ),
    ).rejects.toBe(error);
    expect(events.at(-1)).toMatchObject({ state: 'failed', title: 'begin' });
  });
});
