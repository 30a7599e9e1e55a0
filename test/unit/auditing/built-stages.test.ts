import { describe, expect, it } from 'vitest';
import { builtStages, takenBy } from '../../../src/auditing/built-stages.ts';

const taken = (
  text: string,
  more: { target?: string; buildArgs?: Record<string, string> } = {},
  triggers: string[] = [],
) =>
  builtStages(
    text,
    { buildArgs: {}, platforms: ['linux/amd64'], buildPlatform: 'linux/amd64', ...more },
    () => triggers,
  )
    .flatMap(({ steps }) => steps.flatMap(takenBy))
    .map(({ path, line }) => `${line + 1} ${path}`);

describe('what a build takes from its context', () => {
  it('is what COPY, ADD and bind mounts name, without what comes from elsewhere', () => {
    expect(
      taken(`FROM a
COPY --chown=1 src ./lib/ /app/
COPY ["a b", "/app/"]
COPY --from=other /x /x
ADD https://example.com/f data.tar /
ADD git@example.com:x/y.git /y
COPY <<EOF /z
here
EOF
RUN --mount=target=/src,source=scripts true
RUN --mount=type=bind,target=/src true
RUN --mount=type=cache,target=/c --mount=from=other,target=/d true`),
    ).toEqual(['2 src', '2 lib', '3 a b', '5 data.tar', '10 scripts', '11 ']);
  });

  it('does not leave the context', () => {
    expect(taken('FROM a\nCOPY ../up /..//x/../y . /')).toEqual(['2 up', '2 y', '2 ']);
  });

  it('is only that of the stages that the target needs', () => {
    const text = `FROM a AS Base
COPY base /
FROM b AS unused
COPY unused /
FROM c AS lib
COPY lib /
FROM base AS app
COPY --from=lib / /
COPY app /
FROM base AS last
COPY last /`;
    expect(taken(text, { target: 'app' })).toEqual(['2 base', '6 lib', '9 app']);
    expect(taken(text)).toEqual(['2 base', '11 last']);
    expect(taken(text, { target: 'nowhere' })).toEqual([]);
    expect(taken('FROM a\nCOPY a /\nFROM b\nRUN --mount=from=0,target=/x true\nCOPY b /')).toEqual(['2 a', '5 b']);
  });

  it('depends on variables, as far as the Dockerfile tells them', () => {
    expect(
      taken('FROM a\nARG DIR=src\nCOPY ${DIR}/x /\nENV DIR other\nCOPY $DIR /', { buildArgs: { DIR: 'given' } }),
    ).toEqual(['3 given/x', '5 other']);
    expect(taken('ARG D=top\nFROM a AS x\nARG D\nENV E=$D/e\nFROM x\nCOPY $E /')).toEqual(['6 top/e']);
    expect(taken('FROM a\nCOPY lib/$FROM_BASE/x /\nCOPY $FROM_BASE /')).toEqual(['2 lib', '3 ']);
  });

  it('includes the triggers of a base', () => {
    expect(taken('FROM a', {}, ['COPY . /app'])).toEqual(['1 ']);
    expect(taken('FROM a AS x\nONBUILD COPY y /\nFROM x')).toEqual(['3 '].map(() => '3 y'));
  });
});
