import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { hostSettings, mirrorName, mirrorSettings } from '../../../src/registry/mirror-settings.ts';

const mirror = { host: 'docker.io', from: 'https://registry-1.docker.io' };

describe('a mirror', () => {
  it('has a name that a container may have, and that no other mirror has', () => {
    expect(mirrorName('shop', mirror)).toMatch(/^shop-mirror-docker\.io-\w{6}$/);
    expect(mirrorName('shop', { host: 'r:5000' })).toMatch(/^shop-mirror-r-5000-\w{6}$/);
    expect(mirrorName('shop', { host: 'r:5000' })).not.toBe(mirrorName('shop', { host: 'r-5000' }));
  });

  it('asks the registry for what it lacks', () => {
    expect(parse(mirrorSettings(mirror))).toMatchObject({ proxy: { remoteurl: mirror.from }, http: { addr: ':5000' } });
  });

  it('is asked by nodes before the registry itself', () => {
    expect(hostSettings(mirror, '172.18.0.9')).toBe(
      [
        '# written by kind-harness',
        'server = "https://registry-1.docker.io"',
        '',
        '[host."http://172.18.0.9:5000"]',
        '  capabilities = ["pull", "resolve"]',
        '',
      ].join('\n'),
    );
  });
});
