import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isExpiredIndex } from '../../../src/apt/install.ts';
import { readAptSources } from '../../../src/apt/sources.ts';
import { HarnessError } from '../../../src/core/error.ts';
import { parseOsRelease } from '../../../src/machine/platform.ts';
import { within } from '../../../src/machine/with-timeout.ts';
import { reasonOf } from '../../../src/setup/observe-engine.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'setup-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

test('os-release, quoted or not', () => {
  expect(
    parseOsRelease(
      'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nID=debian\n',
    ),
  ).toEqual({
    id: 'debian',
    codename: 'bookworm',
    version: '12',
    name: 'Debian GNU/Linux 12 (bookworm)',
  });
  expect(parseOsRelease('')).toEqual({ id: 'linux', codename: undefined, version: undefined, name: 'linux' });
});

test('apt’s sources are read from both kinds of files only', () => {
  mkdirSync(join(directory, 'sources.list.d'));
  const write = (name: string, text: string) => writeFileSync(join(directory, name), text);
  write('sources.list', 'deb http://one.example/ bookworm main\n');
  write('sources.list.d/b.list', 'deb http://three.example/ bookworm main\n');
  write('sources.list.d/a.sources', 'Types: deb\nURIs: http://two.example/\nSuites: bookworm\nComponents: main\n');
  write('sources.list.d/c.list.disabled', 'deb http://no.example/ bookworm main\n');
  expect(readAptSources(directory).flatMap((source) => source.uris)).toEqual([
    'http://one.example/',
    'http://two.example/',
    'http://three.example/',
  ]);
});

test('a machine without apt has no sources', () => {
  expect(readAptSources(join(directory, 'nowhere'))).toEqual([]);
});

describe('why the engine does not answer', () => {
  const failure = (code: string) => Object.assign(new Error(code), { code });

  test.each([
    ['ENOENT', 'nothing'],
    ['ECONNREFUSED', 'nothing'],
    ['EACCES', 'denied'],
    ['ETIMEDOUT', 'other'],
  ])('%s: %s', (code, reason) => {
    expect(reasonOf(new HarnessError('DOCKER_DOWN', 'no answer', { cause: failure(code) }))).toBe(reason);
  });

  test('a thrown value that is not an error', () => {
    expect(reasonOf('?')).toBe('other');
  });
});

test('an expired index is distinguished from one that cannot be fetched', () => {
  const expired =
    'Reading package lists...\nE: Release file for http://a.example/dists/forky/InRelease is expired (invalid since 14d 19h).';
  expect(isExpiredIndex(expired)).toBe(true);
  expect(isExpiredIndex("E: The repository 'http://a.example forky Release' does not have a Release file.")).toBe(
    false,
  );
});

test('within: an answer in time is returned, a late one is an error', async () => {
  await expect(within(1000, Promise.resolve(7))).resolves.toBe(7);
  await expect(within(5, new Promise(() => undefined))).rejects.toThrow('no answer within 5 ms');
});
