import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { install } from '../../../src/apt/install.ts';
import { plant, scratch } from '../../support/scratch.ts';

/** An apt-get that notes what it does, takes a moment, and notes whether it came to its end. */
function fakeApt(): string {
  const directory = scratch();
  plant(directory, {
    'apt-get': `#!/bin/sh
      echo "begin $*" >> ${directory}/log
      echo "at work"
      sleep 0.3
      echo "end $*" >> ${directory}/log\n`,
  });
  chmodSync(join(directory, 'apt-get'), 0o755);
  vi.stubEnv('PATH', `${directory}:${process.env['PATH'] ?? ''}`);
  return directory;
}

afterEach(() => void vi.unstubAllEnvs());

it('an interruption does not cut an installation off, and counts after it', async () => {
  const directory = fakeApt();
  const controller = new AbortController();
  const notes: string[] = [];
  let isInstalling = false;
  const installing = install(
    {
      files: [],
      commands: [
        ['apt-get', 'install', '-y', 'one'],
        ['apt-get', 'install', '-y', 'two'],
      ],
    },
    {
      signal: controller.signal,
      acceptExpiredIndex: false,
      emit: (event) => event.type === 'note' && notes.push(event.message),
      progress: () => {
        if (isInstalling) controller.abort();
        isInstalling = true; // the first time, it downloads
      },
    },
  );
  await expect(installing).rejects.toMatchObject({ code: 'INTERRUPTED' });
  expect(readFileSync(join(directory, 'log'), 'utf8').trim().split('\n')).toEqual([
    'begin install -y one --download-only',
    'end install -y one --download-only',
    'begin install -y one',
    'end install -y one',
  ]);
  expect(notes).toEqual([expect.stringContaining('waiting for `apt-get` to finish')]);
});

it('an interruption ends the download', async () => {
  const directory = fakeApt();
  const controller = new AbortController();
  const file = join(directory, 'added.sources');
  const installing = install(
    { files: [{ path: file, text: 'x' }], commands: [['apt-get', 'install', 'one']] },
    {
      signal: controller.signal,
      acceptExpiredIndex: false,
      emit: () => undefined,
      progress: () => controller.abort(),
    },
  );
  await expect(installing).rejects.toMatchObject({ code: 'INTERRUPTED' });
  expect(readFileSync(join(directory, 'log'), 'utf8')).toBe('begin install one --download-only\n');
  expect(existsSync(file)).toBe(false);
});

describe('an expired index', () => {
  function fakeExpired(): string {
    const directory = fakeApt();
    plant(directory, {
      'apt-get': `#!/bin/sh
        echo "$*" >> ${directory}/log
        case "$*" in *Check-Valid-Until=false*) exit 0;; esac
        echo "E: Release file for http://mirror.example/InRelease is expired (invalid since 3d)." >&2
        exit 100\n`,
    });
    return directory;
  }

  const update = (acceptExpiredIndex: boolean, notes: string[] = []) =>
    install(
      { files: [], commands: [['apt-get', 'update']] },
      {
        signal: undefined,
        acceptExpiredIndex,
        emit: (event) => event.type === 'note' && notes.push(event.message),
        progress: () => undefined,
      },
    );

  it('is not accepted unasked', async () => {
    const directory = fakeExpired();
    await expect(update(false)).rejects.toMatchObject({
      code: 'SETUP',
      message: expect.stringContaining('has expired'),
      next: expect.stringContaining('--accept-expired-index'),
    });
    expect(readFileSync(join(directory, 'log'), 'utf8')).toBe('update\n');
  });

  it('is accepted on request, with a warning', async () => {
    const directory = fakeExpired();
    const notes: string[] = [];
    await update(true, notes);
    expect(readFileSync(join(directory, 'log'), 'utf8')).toBe('update\n-o Acquire::Check-Valid-Until=false update\n');
    expect(notes).toEqual([expect.stringContaining('its signature is checked, its date is not')]);
  });
});
