import { describe, expect, it } from 'vitest';
import { keyOf, readEntries, writeEntries, type AppliedEntry } from '../../../src/applying/applied-entry.ts';
import { decideRemoval, entriesLeft, type LeftFacts } from '../../../src/applying/decide-removal.ts';

const entry: AppliedEntry = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  name: 'api',
  namespace: 'shop',
  uid: 'u1',
  made: true,
  wanted: 'w',
  fields: 'f',
};
const facts: LeftFacts = { uid: 'u1', isSharedWithOthers: false, hasInstances: false };

describe('what left the manifests', () => {
  it('is removed', () => {
    expect(decideRemoval(entry, facts)).toEqual({ action: 'remove' });
  });

  it.each<[string, Partial<AppliedEntry>, Partial<LeftFacts>]>([
    ['existed before it was applied', { made: false }, {}],
    ['is another object of that name by now', {}, { uid: 'u2' }],
    ['is gone', {}, { uid: undefined }],
  ])('is forgotten if it %s', (_, more, seen) => {
    expect(decideRemoval({ ...entry, ...more }, { ...facts, ...seen })).toEqual({ action: 'forget' });
  });

  it('is left to another configuration that applies it, too, if this one made it', () => {
    const shared = { ...facts, isSharedWithOthers: true };
    expect(decideRemoval(entry, shared)).toEqual({ action: 'hand-over' });
    expect(decideRemoval({ ...entry, made: false }, shared)).toEqual({ action: 'forget' });
  });

  it.each<[string, string, Partial<LeftFacts>]>([
    ['v1', 'PersistentVolumeClaim', {}],
    ['v1', 'PersistentVolume', {}],
    ['v1', 'Namespace', {}],
    ['apiextensions.k8s.io/v1', 'CustomResourceDefinition', { hasInstances: true }],
  ])('stays if others or data hang on it: %s %s', (apiVersion, kind, seen) => {
    expect(decideRemoval({ ...entry, apiVersion, kind }, { ...facts, ...seen })).toMatchObject({ action: 'keep' });
  });

  it('is what no object names, whatever its version', () => {
    const kept = keyOf({ ...entry, apiVersion: 'apps/v1beta1' });
    expect(entriesLeft([entry, { ...entry, name: 'old' }], (key) => key === kept)).toMatchObject([{ name: 'old' }]);
  });
});

describe('the record', () => {
  it('is read as it was written', () => {
    expect(readEntries(writeEntries([entry, { ...entry, name: 'b', namespace: undefined }]))).toEqual([
      entry,
      { ...entry, name: 'b', namespace: undefined },
    ]);
  });

  it('leaves out what is not an entry', () => {
    expect(readEntries('nonsense\n{"kind":"Deployment"}\n')).toEqual([]);
  });
});
