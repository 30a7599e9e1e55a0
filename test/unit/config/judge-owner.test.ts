import { describe, expect, it } from 'vitest';
import {
  describeOwner,
  imageOwner,
  isOthersImage,
  isSameOwner,
  otherOwner,
  ownerKey,
  readOwner,
  type Owner,
} from '../../../src/config/judge-owner.ts';

const IN_GIT: Owner = {
  project: 'app',
  isNamed: false,
  directory: '/one/app',
  repository: 'aaa',
  within: 'services/app',
};
const PLAIN: Owner = { project: 'app', isNamed: false, directory: '/one/app' };

const named = (owner: Owner): Owner => ({ ...owner, isNamed: true });
const at = (directory: string, owner: Owner): Owner => ({ ...owner, directory });

describe('two owners', () => {
  it.each<[string, boolean, Owner, Owner]>([
    ['clones of one repository', true, IN_GIT, at('/two/app', IN_GIT)],
    ['two repositories', false, IN_GIT, { ...at('/two/app', IN_GIT), repository: 'bbb' }],
    ['two repositories at one path, in two containers', false, IN_GIT, { ...IN_GIT, repository: 'bbb' }],
    ['two repositories with one configured name', false, named(IN_GIT), { ...named(IN_GIT), repository: 'bbb' }],
    [
      'two directories of one repository',
      false,
      IN_GIT,
      { ...IN_GIT, directory: '/one/tools/app', within: 'tools/app' },
    ],
    ['two directories of one repository, named', true, named(IN_GIT), named({ ...IN_GIT, within: 'tools/app' })],
    ['a directory before and after its configuration names the project', true, IN_GIT, named(IN_GIT)],
    ['a directory before and after its first commit', true, PLAIN, IN_GIT],
    ['two directories without git', false, PLAIN, at('/two/app', PLAIN)],
    ['two directories without git, named', true, named(PLAIN), at('/two/app', named(PLAIN))],
    ['a clone and a shallow clone, named', true, named(IN_GIT), at('/ci/app', named(PLAIN))],
    ['a clone and a shallow clone elsewhere', false, IN_GIT, at('/ci/app', PLAIN)],
    ['two projects in one directory', false, PLAIN, { ...PLAIN, project: 'api' }],
  ])('%s', (_title, expected, a, b) => {
    expect(isSameOwner(a, b)).toBe(expected);
    expect(isSameOwner(b, a)).toBe(expected);
  });

  it('have different keys unless they are one', () => {
    const keys = [IN_GIT, { ...IN_GIT, repository: 'bbb' }, PLAIN, at('/two/app', PLAIN), named(PLAIN)].map(ownerKey);
    expect(new Set(keys).size).toBe(5);
    expect(ownerKey(at('/two/app', IN_GIT))).toBe(ownerKey(IN_GIT));
    expect(ownerKey(at('/two/app', named(PLAIN)))).toBe(ownerKey(named(PLAIN)));
  });

  it('of one name are told apart by their places', () => {
    expect(describeOwner(at('/two/app', PLAIN), PLAIN)).toBe('the project app in /two/app, and this is /one/app');
    expect(describeOwner({ ...PLAIN, project: 'api' }, PLAIN)).toBe('the project api in /one/app');
  });
});

describe('the owner of an image', () => {
  const label = (owner: Owner) => JSON.stringify(imageOwner(owner));

  it('has no path, and is the same for all clones of a repository', () => {
    for (const owner of [IN_GIT, PLAIN, named(PLAIN)]) expect(label(owner)).not.toContain('/one');
    expect(label(at('/two/app', IN_GIT))).toBe(label(IN_GIT));
  });

  it.each<[string, boolean, Owner, Owner]>([
    ['another repository', true, IN_GIT, { ...IN_GIT, repository: 'bbb' }],
    ['another directory without git', true, PLAIN, at('/two/app', PLAIN)],
    ['another clone', false, IN_GIT, at('/two/app', IN_GIT)],
    ['a shallow clone', false, IN_GIT, { ...PLAIN, within: 'services/app' }],
    ['two shallow clones', false, { ...PLAIN, within: '' }, { ...at('/two/app', PLAIN), within: '' }],
    ['two repositories that are named', false, named(IN_GIT), { ...named(IN_GIT), repository: 'bbb' }],
    ['two repositories, one of them named', true, named(IN_GIT), { ...IN_GIT, repository: 'bbb' }],
    ['two directories that are named', false, named(PLAIN), at('/two/app', named(PLAIN))],
    ['another project', false, IN_GIT, { ...IN_GIT, repository: 'bbb', project: 'api' }],
  ])('is certainly somebody else for %s: %s', (_title, expected, a, b) => {
    expect(isOthersImage(label(a), b)).toBe(expected);
    expect(isOthersImage(label(b), a)).toBe(expected);
  });

  it('is not known for an image of an earlier version', () => {
    for (const stored of [undefined, '', '{}', 'null']) expect(isOthersImage(stored, IN_GIT)).toBe(false);
  });
});

it('a label of an earlier version, or none, is nobody else', () => {
  for (const stored of [undefined, '', '{}', JSON.stringify(IN_GIT)])
    expect(otherOwner(stored, IN_GIT)).toBeUndefined();
  expect(otherOwner(JSON.stringify({ ...IN_GIT, repository: 'bbb' }), at('/two/app', IN_GIT))).toBe(
    'it belongs to the project app in /one/app, and this is /two/app',
  );
});

it('an owner is read as it was stored, and nothing else is an owner', () => {
  expect(readOwner(JSON.parse(JSON.stringify(IN_GIT)))).toEqual(IN_GIT);
  expect(readOwner(JSON.parse(JSON.stringify(PLAIN)))).toEqual(PLAIN);
  expect([undefined, null, 'app', {}, { project: 'app' }].map(readOwner)).toEqual(Array(5).fill(undefined));
});
