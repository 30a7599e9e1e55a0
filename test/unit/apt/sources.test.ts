import { expect, test } from 'vitest';
import { ownArchive, parseDeb822, parseOneLine, sourceFor } from '../../../src/apt/sources.ts';

const DEB822 = `Types: deb
# a comment within
URIs: http://archive.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /keys/debian.gpg

Types: deb deb-src
URIs: http://security.example/debian-security
Suites: bookworm-security
Components: main contrib

Types: deb-src
URIs: http://archive.example/debian
Suites: bookworm
Components: main

Enabled: no
Types: deb
URIs: http://disabled.example/debian
Suites: bookworm
Components: main
`;

test('deb822: every enabled entry for binary packages', () => {
  expect(parseDeb822(DEB822)).toEqual([
    {
      uris: ['http://archive.example/debian'],
      suites: ['bookworm', 'bookworm-updates'],
      components: ['main'],
      signedBy: '/keys/debian.gpg',
    },
    {
      uris: ['http://security.example/debian-security'],
      suites: ['bookworm-security'],
      components: ['main', 'contrib'],
      signedBy: undefined,
    },
  ]);
});

test('deb822: a key inside the entry is kept and written back unchanged', () => {
  const key = '-----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n -----END PGP PUBLIC KEY BLOCK-----';
  const [source] = parseDeb822(
    `Types: deb\nURIs: http://a.example/\nSuites: bookworm\nComponents: main\nSigned-By:\n ${key}\n`,
  );
  expect(source?.signedBy).toBe(`\n ${key}`);
  expect(parseDeb822(sourceFor('forky', source!))).toEqual([{ ...source, suites: ['forky'] }]);
});

test('one line: with and without options, without comments and source entries', () => {
  const text = `# deb http://no.example/ bookworm main
deb [arch=amd64 signed-by=/keys/a.gpg] https://a.example/debian bookworm main contrib # why
deb-src https://a.example/debian bookworm main
deb https://b.example/debian trixie main
`;
  expect(parseOneLine(text)).toEqual([
    {
      uris: ['https://a.example/debian'],
      suites: ['bookworm'],
      components: ['main', 'contrib'],
      signedBy: '/keys/a.gpg',
    },
    { uris: ['https://b.example/debian'], suites: ['trixie'], components: ['main'], signedBy: undefined },
  ]);
});

test('the own archive is neither the security archive nor a disc nor a vendor’s archive', () => {
  const sources = parseOneLine(`deb cdrom:[Debian]/ bookworm main
deb http://vendor.example/apt bookworm stuff
deb http://security.example/debian-security bookworm-security main
deb http://archive.example/debian bookworm main`);
  expect(ownArchive(sources, 'bookworm')?.uris).toEqual(['http://archive.example/debian']);
  expect(ownArchive(sources.slice(0, 3), 'bookworm')).toBeUndefined();
});

test('an archive may be named after the state of the release', () => {
  const sources = parseOneLine('deb http://archive.example/debian stable main');
  expect(ownArchive(sources, 'trixie')).toBe(sources[0]);
});

test('a source without a key uses the keys that apt trusts', () => {
  expect(
    sourceFor('forky', { uris: ['http://a.example/'], suites: ['x'], components: ['main'], signedBy: undefined }),
  ).toBe('Types: deb\nURIs: http://a.example/\nSuites: forky\nComponents: main\n');
});
