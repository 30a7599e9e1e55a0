import { describe, expect, test } from 'vitest';
import { diagnose, type Check } from '../../../src/setup/diagnose.ts';
import type { ObservedTools } from '../../../src/setup/observed.ts';
import { bare, BOOKWORM, CLIENT, complete, ENGINE_UP, engineDown, FEDORA, linux, MAC } from './machines.ts';

function check(tools: ObservedTools, name: string): Check | undefined {
  return diagnose(tools).find((one) => one.name === name);
}

describe('diagnose', () => {
  test('a complete machine: everything is ok and nothing has a fix', () => {
    const checks = diagnose(complete(BOOKWORM));
    expect(checks.filter(({ verdict, fix }) => verdict !== 'ok' || fix !== undefined)).toEqual([]);
    expect(checks.length).toBeGreaterThan(9);
  });

  test('a bare machine: required tools are missing, the others are warnings, and each has a fix', () => {
    const checks = diagnose(bare(BOOKWORM));
    const named = (verdict: Check['verdict']) => checks.filter((one) => one.verdict === verdict).map((one) => one.name);
    expect(named('missing')).toEqual(['docker engine', 'docker client', 'docker buildx', 'kind']);
    expect(named('warning')).toEqual(['docker compose', 'go', 'debootstrap', 'git', 'just']);
    expect(checks.filter((one) => one.verdict !== 'ok' && !one.fix)).toEqual([]);
  });

  test('the client with plugins is shown, and a warning names the other one', () => {
    const other = { path: '/usr/local/bin/docker', version: '28.2.2', buildx: undefined, compose: undefined };
    const tools = complete(BOOKWORM, { dockerClients: [other, CLIENT] });
    expect(check(tools, 'docker client')).toMatchObject({ found: '/usr/bin/docker', verdict: 'ok' });
    expect(check(tools, 'docker on the PATH')).toMatchObject({ found: '/usr/local/bin/docker', verdict: 'warning' });
  });

  test('an old Node counts as missing', () => {
    expect(check(complete(BOOKWORM, { node: '20.20.0' }), 'node')).toMatchObject({
      verdict: 'missing',
      version: '20.20.0',
    });
  });

  test('a kind that is too old counts as missing', () => {
    const tools = complete(FEDORA, { kind: { path: '/usr/bin/kind', version: '0.29.0' } });
    expect(check(tools, 'kind')).toMatchObject({ found: '/usr/bin/kind', version: '0.29.0', verdict: 'missing' });
    expect(check(tools, 'kind')?.fix).toContain('go install');
  });

  test('for an installed engine that does not answer: how to start it', () => {
    const tools = complete(linux('debian', '12', 'bookworm', { systemd: true }), {
      engine: engineDown({ daemon: '/usr/sbin/dockerd' }),
    });
    expect(check(tools, 'docker engine')).toMatchObject({ verdict: 'missing', fix: 'sudo systemctl start docker' });
  });

  test('little disk space and few inotify instances are warnings; unknown values are omitted', () => {
    const lowLimits = complete(linux('debian', '12', 'bookworm', { inotifyInstances: 128 }), {
      engine: { ...ENGINE_UP, freeBytes: 3e9 },
    });
    expect(check(lowLimits, 'disk')).toMatchObject({ verdict: 'warning', found: '3 GB free in /var/lib/docker' });
    expect(check(lowLimits, 'inotify')?.fix).toContain('max_user_instances=512');
    const mac = complete(MAC, { engine: { ...ENGINE_UP, freeBytes: undefined } });
    expect(check(mac, 'disk')).toBeUndefined();
    expect(check(mac, 'inotify')).toBeUndefined();
  });
});
