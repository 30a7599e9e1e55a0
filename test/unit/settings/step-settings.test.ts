import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  countedSettings,
  missingSsh,
  resolveStepSettings,
  sshArgument,
  type RawStepSettings,
} from '../../../src/settings/step-settings.ts';
import { plant, scratch } from '../../support/scratch.ts';

function resolved(raw: RawStepSettings, stamped: string[] = [], root = '/root') {
  const problems: { path: string; message: string }[] = [];
  const settings = resolveStepSettings(raw, stamped, root, 'images.api', problems);
  return { settings, problems };
}

describe('hosts of steps', () => {
  it.each([
    ['db:10.0.0.5', 'db:10.0.0.5'],
    ['db=10.0.0.5', 'db:10.0.0.5'],
    ['db:::1', 'db:::1'],
    ['db=[fd00::2]', 'db:fd00::2'],
    ['proxy.shop:host-gateway', 'proxy.shop:host-gateway'],
  ])('%s means %s', (entry, expected) => {
    expect(resolved({ extraHosts: [entry] })).toMatchObject({ settings: { extraHosts: [expected] }, problems: [] });
  });

  it.each([
    ['db', 'a host such as'],
    ['db:', 'a host such as'],
    [':10.0.0.5', 'a host such as'],
    ['db:10.0.0', 'a host such as'],
    ['db:other', 'a host such as'],
    ['a,b:10.0.0.5', 'a host such as'],
    ['db:10.0.0.5,c=10.0.0.6', 'a host such as'],
    ['x.rebuild.kind-harness.invalid:127.0.0.1', 'those of the harness itself'],
    ['x.Secrets.Kind-Harness.Invalid.:127.0.0.1', 'those of the harness itself'],
  ])('%s is refused', (entry, message) => {
    expect(resolved({ extraHosts: ['a:127.0.0.1', entry] }).problems).toEqual([
      { path: 'images.api.extraHosts[1]', message: expect.stringContaining(message) },
    ]);
  });
});

describe('labels', () => {
  it('are texts', () => {
    const { settings, problems } = resolved({ labels: { team: 'shop', tier: 2, 'com.kind-harness.x': true } });
    expect(settings.labels).toEqual({ team: 'shop', tier: '2', 'com.kind-harness.x': 'true' });
    expect(problems).toEqual([]);
  });

  it.each(['dev.kind-harness.inputs', 'dev.kind-harness.new', 'kind-harness.recipe'])(
    'of the harness are refused: %s',
    (name) => {
      expect(resolved({ labels: { [name]: 'x' } }).problems).toEqual([
        { path: `images.api.labels.${name}`, message: expect.stringContaining('those of the harness itself') },
      ]);
    },
  );

  it('that are stamps are refused', () => {
    expect(resolved({ labels: { 'a.b': 'x' } }, ['a.b']).problems).toEqual([
      { path: 'images.api.labels.a.b', message: 'expected a name of its own, found that of `stamps.a.b`' },
    ]);
  });
});

describe('SSH', () => {
  it('is an agent, or sockets and keys by id', () => {
    const { settings, problems } = resolved({ ssh: ['default', 'git=keys/a,/b', 'own=~/.ssh/id'] });
    expect(settings.ssh.map(sshArgument)).toEqual([
      'default',
      'git=/root/keys/a,/b',
      `own=${join(homedir(), '.ssh/id')}`,
    ]);
    expect(problems).toEqual([]);
  });

  it('has each id once', () => {
    expect(resolved({ ssh: ['git=a', 'git=b'] }).problems).toEqual([
      { path: 'images.api.ssh[1]', message: 'expected each id once, found `git` twice' },
    ]);
  });

  it('that a build cannot use is named', () => {
    const root = scratch();
    plant(root, { key: '' });
    const { ssh } = resolved({ ssh: ['default', 'git=key', 'other=key,none'] }, [], root).settings;
    expect(missingSsh(ssh, {})).toEqual([
      'default (the variable SSH_AUTH_SOCK is not set)',
      `other (nothing is at ${join(root, 'none')})`,
    ]);
    expect(missingSsh(ssh, { SSH_AUTH_SOCK: '/agent' })).toHaveLength(1);
  });
});

describe('what counts as an input', () => {
  it('is nothing if nothing is set, so that images of earlier versions stay fresh', () => {
    expect(countedSettings(resolved({}).settings)).toEqual({});
    const asBefore: RawStepSettings = { network: 'default', extraHosts: [], ssh: [], labels: {} };
    expect(countedSettings(resolved(asBefore).settings)).toEqual({});
  });

  it('is each setting, and not where an agent listens', () => {
    const raw: RawStepSettings = {
      network: 'none',
      extraHosts: ['db=10.0.0.5', 'b:::1'],
      shmSize: '64m',
      ssh: ['git=/run/one', 'default'],
      labels: { team: 'shop', tier: 2 },
    };
    const counted = {
      network: 'none',
      'extra hosts': 'db:10.0.0.5, b:::1',
      'size of /dev/shm': '64m',
      ssh: 'default, git',
      'label team': 'shop',
      'label tier': '2',
    };
    expect(countedSettings(resolved(raw).settings)).toEqual(counted);
    expect(countedSettings(resolved({ ...raw, ssh: ['default', 'git=/run/other'] }).settings)).toEqual(counted);
  });
});
