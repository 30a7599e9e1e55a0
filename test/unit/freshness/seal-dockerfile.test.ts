import { describe, expect, it } from 'vitest';
import { seal } from '../../../src/freshness/judge-origin.ts';
import { sealDockerfile } from '../../../src/freshness/seal-dockerfile.ts';

const DIGEST = 'sha256:ab';
const SEAL = seal(DIGEST);
const sealed = (text: string, target?: string) => sealDockerfile(Buffer.from(text), target, DIGEST)?.toString('utf8');

describe('the seal of a Dockerfile', () => {
  it('ends the last stage', () => {
    expect(sealed('FROM a\nCOPY b /\n')).toBe(`FROM a\nCOPY b /\n${SEAL}\n`);
    expect(sealed('FROM a')).toBe(`FROM a\n${SEAL}\n`);
    expect(sealed('FROM a\r\nRUN b\r\n')).toBe(`FROM a\r\nRUN b\r\n${SEAL}\n`);
  });

  it.each([
    ['one', `FROM a AS one\nRUN b\n# next\n${SEAL}\nFROM one as Two\nRUN c\n`],
    ['two', `FROM a AS one\nRUN b\n# next\nFROM one as Two\nRUN c\n${SEAL}\n`],
    ['0', `FROM a AS one\nRUN b\n# next\n${SEAL}\nFROM one as Two\nRUN c\n`],
  ])('ends the stage %s if that is the target', (target, expected) => {
    expect(sealed('FROM a AS one\nRUN b\n# next\nFROM one as Two\nRUN c\n', target)).toBe(expected);
  });

  it('does not take a line of a here-document for a stage', () => {
    const first = 'FROM a AS one\nRUN python3 <<EOF\nfrom x import y\nEOF\nCOPY <<-"E" /x\nFROM b\n\tE\n';
    expect(sealed(`${first}FROM one\n`, 'one')).toBe(`${first}${SEAL}\nFROM one\n`);
    expect(sealed(first)).toBe(`${first}${SEAL}\n`);
  });

  it('comes after the instructions that end the stage', () => {
    const text = Buffer.from('FROM a AS one\nFROM b\n');
    const ended = sealDockerfile(text, 'one', DIGEST, ["ENV A='1'", "COPY <<'E' /a\n1\nE"])?.toString('utf8');
    expect(ended).toBe(`FROM a AS one\nENV A='1'\nCOPY <<'E' /a\n1\nE\n${SEAL}\nFROM b\n`);
  });

  it('keeps bytes that are not text', () => {
    const text = Buffer.concat([Buffer.from('FROM a\nENV B="ü'), Buffer.from([0xff, 0x80]), Buffer.from('"')]);
    expect(sealDockerfile(text, undefined, DIGEST)).toEqual(Buffer.concat([text, Buffer.from(`\n${SEAL}\n`)]));
  });

  it.each<[string, string, string?]>([
    ['there is no stage, as in another language', 'kind: pipeline\nsteps: []\n'],
    ['there is no such stage', 'FROM a\n', 'nowhere'],
    ['there is no such stage number', 'FROM a\n', '1'],
    ['the last instruction goes on', 'FROM a\nRUN b \\\n\n# comment\n'],
    ['the last instruction goes on, with another escape character', '# escape=`\nFROM a\nRUN b `\n'],
    ['a here-document has no end', 'FROM a\nRUN <<EOF\nb\n'],
  ])('is left out if %s', (_, text, target) => {
    expect(sealed(text, target)).toBeUndefined();
  });
});
