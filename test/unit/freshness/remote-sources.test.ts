import { describe, expect, it } from 'vitest';
import { urlsNamedBy } from '../../../src/freshness/remote-sources.ts';

describe('a URL that BuildKit used', () => {
  it.each([
    ['ADD https://host/a.tgz /', 'https://host/a.tgz'],
    ['ADD --chmod=600 ["https://host/a b.tgz", "/"]', 'https://host/a'],
    ['ADD "https://host/a.tgz?v=1" /x/', 'https://host/a.tgz?v=1'],
    ['ADD git@host:me/repository.git#v1:directory /', 'git@host:me/repository.git#v1'],
    ['ADD git@host:me/repository.git /', 'ssh://git@host/me/repository.git'],
    ['ADD https://host/me/repository.git?ref=v1 /', 'https://host/me/repository.git#v1'],
    ['ADD git://localhost:9418/r.git#main:. /', 'git://localhost:9418/r.git#main'],
    ['ADD https://name:password@host/a /', 'https://xxxxx:xxxxx@host/a'],
    ['ONBUILD ADD https://host/a /', 'https://host/a'],
    ['ADD https://host/$VERSION/a /', 'https://host/1/a'],
  ])('is named by %s', (instruction, url) => {
    expect(urlsNamedBy(`FROM scratch\n${instruction}\n`, {}, [])(url)).toBe(true);
  });

  it('is named by a named context, or by a base', () => {
    const url = 'https://host/r.git#main';
    expect(urlsNamedBy('FROM scratch\n', { source: { url } }, [])(url)).toBe(true);
    expect(urlsNamedBy('FROM base\n', {}, ['ADD https://host/r.git /'])(url)).toBe(true);
  });

  it.each(['COPY https://host/a /', '# ADD https://host/a /', 'RUN ADD https://host/a', 'ADD https://host/b /'])(
    'is not named by %s',
    (instruction) => {
      expect(urlsNamedBy(`FROM scratch\n${instruction}\n`, {}, [])('https://host/a')).toBe(false);
    },
  );
});
