import { expect, it } from 'vitest';
import { contextBudgetError } from '../../../src/auditing/judge-budget.ts';
import { exitCodeOf } from '../../../src/core/error.ts';

const contexts = [
  { image: 'api', contextBytes: 200_000 },
  { image: 'web', contextBytes: 100_000 },
];

it('contexts that are larger than the budget are named', () => {
  const error = contextBudgetError(contexts, 100_000);
  expect(error).toMatchObject({ code: 'TOO_LARGE', detail: 'api: 0.2 MB' });
  expect(exitCodeOf('TOO_LARGE')).toBe(3);
});

it('no context is too large without a budget, or within it', () => {
  expect(contextBudgetError(contexts, undefined)).toBeUndefined();
  expect(contextBudgetError(contexts, 200_000)).toBeUndefined();
});
