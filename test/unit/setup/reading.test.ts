import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isExpiredIndex } from '../../../src/apt/install.ts';
import { readAptSources } from '../../../src/apt/sources.ts';
import { HarnessError } from '../../../src/core/error.ts';
import { parseOsRelease } from '../../../src/machine/platform.ts';
import { within } from '../../../src/machine/with-timeout.ts';
import { reasonOf } from '../../../src/setup/observe-engine.ts';
import { onPath } from '../../../src/setup/observe.ts';
import { atLeast, versionIn } from '../../../src/setup/versions.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'setup-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

test.each([
  ['kind v0.33.0 go1.27.2 linux/amd64', '0.33.0'],
  ['Docker version 28.2.2, build e6534b4', '28.2.2'],
  ['github.com/docker/buildx 0.29.1+ds1 0.29.1+ds1-4', '0.29.1'],
  ['go version go1.26 linux/amd64', '1.26'],
  ['unknown', undefined],
])('the version in "%s"', (text, version) => {
  expect(versionIn(text)).toBe(version);
});

test.each([
  ['0.30.0', '0.30.0', true],
  ['0.33', '0.30.0', true],
  ['1.0', '0.30.0', true],
  ['0.9.9', '0.30.0', false],
  ['22.21.9', '22.22.0', false],
  [undefined, '0.30.0', false],
])('%s is at least %s: %s', (version, oldest, answer) => {
  expect(atLeast(version, oldest)).toBe(answer);
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

test('apt’s sources are read from both kinds of files, and from no others', () => {
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

test('programs on the PATH: in its order, links to one file once, what cannot be run not at all', () => {
  const place = (name: string, mode = 0o755) => {
    mkdirSync(join(directory, name));
    writeFileSync(join(directory, name, 'docker'), '');
    chmodSync(join(directory, name, 'docker'), mode);
    return join(directory, name);
  };
  const [first, second, text] = [place('first'), place('second'), place('text', 0o644)];
  symlinkSync(second, join(directory, 'link'));
  const PATH = [text, first, join(directory, 'absent'), second, join(directory, 'link')].join(':');
  expect(onPath('docker', { PATH })).toEqual([join(first, 'docker'), join(second, 'docker')]);
  expect(onPath('docker', {})).toEqual([]);
});

describe('why the engine is silent', () => {
  const failure = (code: string) => Object.assign(new Error(code), { code });

  test.each([
    ['ENOENT', 'nothing'],
    ['ECONNREFUSED', 'nothing'],
    ['EACCES', 'denied'],
    ['ETIMEDOUT', 'other'],
  ])('%s: %s', (code, reason) => {
    expect(reasonOf(new HarnessError('DOCKER_DOWN', 'no answer', { cause: failure(code) }))).toBe(reason);
  });

  test('something that is no error', () => {
    expect(reasonOf('?')).toBe('other');
  });
});

test('an expired index is told apart from one that cannot be had', () => {
  const expired =
    'Reading package lists...\nE: Release file for http://a.example/dists/forky/InRelease is expired (invalid since 14d 19h).';
  expect(isExpiredIndex(expired)).toBe(true);
  expect(isExpiredIndex("E: The repository 'http://a.example forky Release' does not have a Release file.")).toBe(
    false,
  );
});

test('within: an answer in time passes through, a late one is an error', async () => {
  await expect(within(1000, Promise.resolve(7))).resolves.toBe(7);
  await expect(within(5, new Promise(() => undefined))).rejects.toThrow('no answer within 5 ms');
});
