import { describe, expect, it } from 'vitest';
import { chooseTransport } from '../../../src/loading/decide-transport.ts';

describe('the transport', () => {
  it.each([
    ['auto', undefined, 'registry'],
    ['auto', 'its image cannot be pulled', 'archive'],
    ['registry', undefined, 'registry'],
    ['registry', 'its image cannot be pulled', undefined],
    ['archive', undefined, 'archive'],
    ['archive', 'its image cannot be pulled', 'archive'],
  ] as const)('%s, if the registry has the problem: %s', (wanted, obstacle, transport) => {
    expect(chooseTransport(wanted, obstacle)?.transport).toBe(transport);
  });

  it('is explained only if it is not the best one', () => {
    expect(chooseTransport('auto', 'no Go')?.note).toContain('no Go');
    expect(chooseTransport('auto', undefined)?.note).toBeUndefined();
    expect(chooseTransport('archive', 'no Go')?.note).toBeUndefined();
  });
});
