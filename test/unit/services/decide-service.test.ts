import { describe, expect, it } from 'vitest';
import { decideService, definitionLabel, type WantedService } from '../../../src/services/decide-service.ts';

const parts = { image: 'sha256:1', network: 'kind', settings: 's1' };
const env = { USER: 'me', PASSWORD: 'secret' };
const label = definitionLabel(parts);

const decide = (wanted: Partial<WantedService>, observed: Record<string, string> | undefined = env, stored = label) =>
  decideService(observed && { env: { PATH: '/bin', ...observed } }, stored, { parts, env, ...wanted });

describe('a service container', () => {
  it('is created if there is none', () => {
    expect(decideService(undefined, undefined, { parts, env: { ...env, UNSET: undefined } })).toEqual({
      action: 'create',
      env,
      unknown: [],
    });
  });

  it('is kept while nothing changed', () => {
    expect(decide({})).toEqual({ action: 'keep', env, unknown: [] });
  });

  it.each<[string, Partial<WantedService>]>([
    ['its image changed', { parts: { ...parts, image: 'sha256:2' } }],
    ['its network changed', { parts: { ...parts, network: 'other' } }],
    ['its settings changed', { parts: { ...parts, settings: 's2' } }],
    ['PASSWORD changed', { env: { ...env, PASSWORD: 'another secret' } }],
    ['MORE changed', { env: { ...env, MORE: 'x' } }],
  ])('is replaced because %s, and no value is named', (reason, wanted) => {
    expect(decide(wanted)).toMatchObject({ action: 'replace', reason });
  });

  it('is kept with its value if that is not set here', () => {
    expect(decide({ env: { ...env, PASSWORD: undefined } })).toEqual({ action: 'keep', env, unknown: ['PASSWORD'] });
    expect(decide({ env: { ...env, OPTIONAL: undefined } })).toEqual({ action: 'keep', env, unknown: [] });
  });

  it('is replaced with its earlier value if something else changed', () => {
    expect(decide({ env: { ...env, USER: 'you', PASSWORD: undefined } })).toEqual({
      action: 'replace',
      reason: 'USER changed',
      env: { USER: 'you', PASSWORD: 'secret' },
      unknown: ['PASSWORD'],
    });
  });

  it('is kept if its image cannot be had now', () => {
    expect(decide({ parts: { ...parts, image: undefined } })).toMatchObject({ action: 'keep' });
  });

  it('is replaced if an earlier version started it', () => {
    for (const definition of ['a'.repeat(64), '[]', 'null', undefined])
      expect(decideService({ env }, definition, { parts, env })).toMatchObject({
        action: 'replace',
        reason: 'an earlier version started it',
      });
  });
});
