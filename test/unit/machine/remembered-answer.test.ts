import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { keep, recall } from '../../../src/machine/remembered-answer.ts';
import { scratch } from '../../support/scratch.ts';

const question = ['node', { stamp: '12 now' }];
const answer = { images: ['sha256:1'], none: null };

describe('a stored answer', () => {
  const kept = () => {
    const path = join(scratch(), 'deep', 'kept.json');
    keep(path, question, answer);
    return path;
  };

  it('is returned for the same question only', () => {
    const path = kept();
    expect(recall(path, question)).toEqual(answer);
    expect(recall(path, ['node', { stamp: '13 now' }])).toBeUndefined();
  });

  it.each([
    ['changed', (text: string) => text.replace('sha256:1', 'sha256:2')],
    ['truncated', (text: string) => text.slice(0, -5)],
    ['emptied', () => ''],
    ['replaced by other JSON', () => 'null'],
  ])('is ignored if its file was %s', (_, damage) => {
    const path = kept();
    writeFileSync(path, damage(readFileSync(path, 'utf8')));
    expect(recall(path, question)).toBeUndefined();
  });

  it('does not exist if it could not be written', () => {
    const path = join(scratch(), 'taken');
    mkdirSync(path);
    keep(path, question, answer);
    expect(recall(path, question)).toBeUndefined();
  });
});
