import { describe, expect, it } from 'vitest';
import { judgeOrigin, seal } from '../../../src/freshness/judge-origin.ts';

const DIGEST = 'sha256:ab';
const BASE = ['CMD ["/program"]', 'COPY program / # buildkit'];
const BUILT = [seal(DIGEST), ...BASE];

describe('the label of an image', () => {
  it.each<[string, string[], string]>([
    ['is its own if its history ends with the seal', BUILT, 'own'],
    ['is its own if it was built on a build', [seal(DIGEST), 'COPY more / # buildkit', seal('sha256:base')], 'own'],
    ['is inherited if a layer was added', ['RUN patch', ...BUILT], 'inherited'],
    ['is inherited if only a label was added', ['LABEL mine=yes', ...BUILT], 'inherited'],
    ['is inherited if a container was committed', ['/program', ...BUILT], 'inherited'],
    ['is unproven without a seal, as in images of earlier versions', BASE, 'unproven'],
    ['is unproven if the history is gone', [], 'unproven'],
    ['is unproven if the seal is of another build', [seal('sha256:other'), ...BASE], 'unproven'],
  ])('%s', (_, history, origin) => {
    expect(judgeOrigin(DIGEST, history)).toBe(origin);
  });
});
