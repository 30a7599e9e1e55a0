import { describe, expect, it } from 'vitest';
import { additionalSuite } from '../../../src/apt/additional-suite.ts';
import { parseOneLine } from '../../../src/apt/sources.ts';

describe('an additional suite', () => {
  const sources = parseOneLine('deb [signed-by=/keys/a.gpg] http://archive.example/debian bookworm main');

  it("comes from the machine's own archive, with the same key, after its pin", () => {
    expect(additionalSuite(sources, 'forky', 'bookworm')).toEqual([
      { path: '/etc/apt/preferences.d/kind-harness', text: 'Package: *\nPin: release n=forky\nPin-Priority: 100\n' },
      {
        path: '/etc/apt/sources.list.d/kind-harness.sources',
        text: 'Types: deb\nURIs: http://archive.example/debian\nSuites: forky\nComponents: main\nSigned-By: /keys/a.gpg\n',
      },
    ]);
  });

  it('needs no files if apt knows it already', () => {
    expect(additionalSuite(sources, 'bookworm', 'trixie')).toEqual([]);
  });

  it('is not available if no archive of the own release is known', () => {
    expect(additionalSuite(sources, 'forky', 'trixie')).toBeUndefined();
  });
});
