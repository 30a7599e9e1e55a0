import { describe, expect, it } from 'vitest';
import { chooseTransport } from '../../../src/loading/decide-transport.ts';

describe('the transport', () => {
  it.each([
    ['auto', undefined, 'registry'],
    ['auto', 'no image of one can be had', 'archive'],
    ['registry', undefined, 'registry'],
    ['registry', 'no image of one can be had', undefined],
    ['archive', undefined, 'archive'],
    ['archive', 'no image of one can be had', 'archive'],
  ] as const)('%s, with this in the way: %s', (wanted, obstacle, transport) => {
    expect(chooseTransport(wanted, obstacle)?.transport).toBe(transport);
  });

  it('is explained where it is not the one that was hoped for, and only there', () => {
    expect(chooseTransport('auto', 'no Go here')?.note).toContain('no Go here');
    expect(chooseTransport('auto', undefined)?.note).toBeUndefined();
    expect(chooseTransport('archive', 'no Go here')?.note).toBeUndefined();
  });
});
