import { chownSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isSafeDirectory, isTrusted } from '../../../src/config/judge-trust.ts';
import { refuseOthersFiles } from '../../../src/config/trust.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { plant, scratch } from '../../support/scratch.ts';

const uid = process.getuid?.() ?? 0;
/** For root, a user that owns the file; for others, one that runs the harness. */
const [OWNER, READER] = uid === 0 ? [4242, 0] : [uid, uid + 1];

/** Makes a path another user's than the reader's. */
function giveAway(path: string): void {
  if (uid === 0) chownSync(path, OWNER, OWNER);
}

const ENV = { PATH: process.env['PATH'], GIT_CONFIG_SYSTEM: '/dev/null', GIT_CONFIG_GLOBAL: '/dev/null' };
const refuse = (path: string, more: { env?: NodeJS.ProcessEnv; sudoUid?: string } = {}) =>
  refuseOthersFiles([path], { ...ENV, ...more.env }, { uid: READER, sudoUid: more.sudoUid });

describe('a file', () => {
  it.each<[string, boolean, number, number | undefined, string | undefined]>([
    ['of oneself', true, 1000, 1000, undefined],
    ['of root', true, 0, 1000, undefined],
    ['of another user', false, 1001, 1000, undefined],
    ['of another user, for root', false, 1000, 0, undefined],
    ['of the user who called sudo', true, 1000, 0, '1000'],
    ['of another user than the one who called sudo', false, 1001, 0, '1000'],
    ['of another user, if somebody else set the variable of sudo', false, 1001, 1000, '1001'],
    ['on a system without users', true, 1001, undefined, undefined],
  ])('%s is trusted: %s', (_title, expected, owner, reader, sudoUid) => {
    expect(isTrusted(owner, { uid: reader, sudoUid })).toBe(expected);
  });

  it('is trusted where git trusts it', () => {
    expect(isSafeDirectory('/repo', ['/repo'])).toBe(true);
    expect(isSafeDirectory('/repo', ['*'])).toBe(true);
    expect(isSafeDirectory('/all/repo', ['/all/*'])).toBe(true);
    expect(isSafeDirectory('/all/repo/sub', ['/all/*'])).toBe(true);
    expect(isSafeDirectory('/allowed', ['/all/*', '/all', '/allow'])).toBe(false);
    expect(isSafeDirectory('/repo', ['/repo', ''])).toBe(false);
    expect(isSafeDirectory('/repo', ['/other', '', '/repo'])).toBe(true);
    expect(isSafeDirectory('/repo', [])).toBe(false);
  });
});

describe('a configuration or state directory', () => {
  it('of another user is refused, also behind a link, until git trusts it', async () => {
    const root = scratch();
    plant(root, { 'harness.config.json': '{}', 'git/config': `[safe]\n\tdirectory = ${root}\n` });
    const file = join(root, 'harness.config.json');
    giveAway(file);
    const message = `Refusing to use ${file}: it belongs to another user (id ${OWNER}).`;
    await expect(refuse(file)).rejects.toMatchObject({ code: 'CONFIG', message });
    symlinkSync(file, join(root, 'link'));
    await expect(refuse(join(root, 'link'))).rejects.toMatchObject({ code: 'CONFIG' });
    await refuse(file, { env: { GIT_CONFIG_GLOBAL: join(root, 'git/config') } });
    await refuse(file, { env: { GIT_CONFIG_SYSTEM: join(root, 'git/config') } });
    await refuse(join(root, 'missing'));
  });

  it('cannot be declared safe by the repository itself', async () => {
    const root = scratch();
    plant(root, { 'harness.config.json': '{}', '.git/HEAD': 'ref: refs/heads/main\n', '.git/refs/': '' });
    plant(root, { '.git/objects/': '', '.git/config': `[safe]\n\tdirectory = *\n` });
    const file = join(root, 'harness.config.json');
    giveAway(file);
    await expect(refuse(file)).rejects.toMatchObject({ next: expect.stringContaining(`safe.directory ${root}`) });
  });

  it('is looked for up to the top of the repository, and no further', async () => {
    const root = scratch();
    plant(root, { 'harness.config.json': '{"project":"outside"}', 'repo/.git/': '', 'repo/app/': '' });
    await expect(loadConfig(join(root, 'repo/app'))).rejects.toMatchObject({ code: 'CONFIG' });
    plant(root, { 'repo/harness.config.json': '{"project":"inside"}' });
    expect((await loadConfig(join(root, 'repo/app'))).project).toBe('inside');
    mkdirSync(join(root, 'plain/app'), { recursive: true });
    expect((await loadConfig(join(root, 'plain/app'))).project).toBe('outside');
  });
});
