import { describe, expect, it } from 'vitest';
import { debianMirror } from '../../../src/apt/mirror.ts';
import { parseDeb822, parseOneLine } from '../../../src/apt/sources.ts';

const ofBookworm = parseDeb822(`Types: deb
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /some/key.gpg

Types: deb
URIs: http://security.example/debian-security
Suites: bookworm-security
Components: main
`);

describe("a machine's Debian mirror", () => {
  it('is that of the suite, with its updates and security fixes', () => {
    const mirror = debianMirror(ofBookworm, 'bookworm', 'bookworm');
    expect(mirror.uri).toBe('http://mirror.example/debian');
    expect(mirror.sources?.match(/^(URIs|Suites): .*/gm)).toEqual([
      'URIs: http://mirror.example/debian',
      'Suites: bookworm',
      'URIs: http://mirror.example/debian',
      'Suites: bookworm-updates',
      'URIs: http://security.example/debian-security',
      'Suites: bookworm-security',
    ]);
  });

  it("is that of the machine's own release for another suite", () => {
    const sources = parseOneLine(
      'deb https://other.example/tool stable main\ndeb https://m.example/debian trixie main',
    );
    expect(debianMirror(sources, 'bookworm', 'trixie').uri).toBe('https://m.example/debian');
    expect(debianMirror(sources, 'bookworm', undefined)).toEqual({ uri: undefined, sources: undefined });
  });

  it('must be reached by HTTP', () => {
    expect(debianMirror(parseOneLine('deb cdrom:[disk] bookworm main'), 'bookworm', 'bookworm').uri).toBeUndefined();
  });
});
