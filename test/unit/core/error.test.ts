import { expect, it } from 'vitest';
import { exitCodeOf, HarnessError, messageOf } from '../../../src/core/error.ts';

it('gives each kind of error its exit code', () => {
  expect([
    exitCodeOf('USAGE'),
    exitCodeOf('CONFIG'),
    exitCodeOf('INTERRUPTED'),
    exitCodeOf('BUILD'),
    exitCodeOf('STALE'),
    exitCodeOf('INDEX_WRONG'),
  ]).toEqual([2, 2, 130, 3, 3, 3]);
});

it('keeps the cause, the detail and the next step', () => {
  const cause = new Error('why');
  const error = new HarnessError('BUILD', 'what', { next: 'then', detail: 'lines', cause });
  expect(error).toMatchObject({
    name: 'HarnessError',
    code: 'BUILD',
    message: 'what',
    next: 'then',
    detail: 'lines',
    cause,
  });
  expect(messageOf(error)).toBe('what');
  expect(messageOf('thrown')).toBe('thrown');
});
