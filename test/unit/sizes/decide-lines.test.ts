import { describe, expect, it } from 'vitest';
import type { DockerfileOptions } from '../../../src/freshness/dockerfile.ts';
import { decideLines, type Origin } from '../../../src/sizes/decide-lines.ts';

const OPTIONS: DockerfileOptions = { buildArgs: {}, platforms: ['linux/amd64'], buildPlatform: 'linux/amd64' };

const DOCKERFILE = `# a comment
ARG BASE=base:1
FROM $BASE AS one
ARG FOO=bar
RUN --mount=type=cache,target=/c echo $FOO > /x && \\
    # in between
    head -c 100000 /dev/zero > /y
ONBUILD RUN echo hi > /onbuild
FROM scratch AS other
COPY z /
FROM one
RUN ["echo", "x  y"]
RUN <<EOF
echo hello
EOF
COPY --from=other /z /zz
COPY --chown=1:1 $A* /
WORKDIR /work
LABEL q=1 \\
 w=2
`;

/** The history that BuildKit makes of it, the last entry first. */
const HISTORY = [
  'LABEL q=1 w=2',
  'WORKDIR /work',
  'COPY --chown=1:1 b* / # buildkit',
  'COPY /z /zz # buildkit',
  'RUN |1 FOO=bar /bin/sh -c echo hello\n # buildkit',
  'RUN |1 FOO=bar echo x  y # buildkit',
  'RUN |1 FOO=bar /bin/sh -c echo hi > /onbuild # buildkit',
  'RUN |1 FOO=bar /bin/sh -c echo $FOO > /x &&     head -c 100000 /dev/zero > /y # buildkit',
  'ARG FOO=bar',
  'CMD ["sh"]',
  'ADD rootfs.tar / # buildkit',
];
const LINES = [19, 18, 17, 16, 13, 12, 11, 5, 4, 'base', 'base'];
const SEAL = 'LABEL dev.kind-harness.inputs=sha256:0';

const linesOf = (origins: Origin[]) => origins.map((origin) => (typeof origin === 'object' ? origin.line : origin));
const decide = (history: string[], text = DOCKERFILE, target?: string, stamps = 0) =>
  decideLines(history, text, { ...OPTIONS, target }, stamps);

describe('the lines of a history', () => {
  it('are those of the target and of the stages that it starts from, above the base image', () => {
    expect(linesOf(decide(HISTORY))).toEqual(LINES);
    expect(linesOf(decide(HISTORY.slice(7), DOCKERFILE, 'one'))).toEqual(LINES.slice(7));
    expect(linesOf(decide(HISTORY.slice(7), DOCKERFILE, '0'))).toEqual(LINES.slice(7));
  });

  it('have the instruction as it is written', () => {
    expect(decide(HISTORY)[7]).toEqual({
      line: 5,
      instruction: 'RUN --mount=type=cache,target=/c echo $FOO > /x && head -c 100000 /dev/zero > /y',
    });
  });

  it('leave out what the harness adds', () => {
    const added = [SEAL, 'COPY <<KIND_HARNESS_STAMP /etc/commit # buildkit', 'ENV COMMIT=1'];
    expect(linesOf(decide([...added, ...HISTORY], DOCKERFILE, undefined, 2))).toEqual([
      ...added.map(() => undefined),
      ...LINES,
    ]);
  });

  it('are unknown from the first instruction on that the Dockerfile does not have', () => {
    const changed = DOCKERFILE.replace('"x  y"]', '"x"]').replace('-c 100000', '-c 5');
    expect(linesOf(decide(HISTORY, changed))).toEqual([...LINES.slice(0, 7), ...HISTORY.slice(7).map(() => undefined)]);
    expect(linesOf(decide(['CMD ["a"]', ...HISTORY]))).toEqual(['x', ...HISTORY].map(() => undefined));
    expect(linesOf(decide(HISTORY, 'no Dockerfile'))).toEqual(HISTORY.map(() => undefined));
    expect(linesOf(decide(HISTORY, DOCKERFILE, 'nowhere'))).toEqual(HISTORY.map(() => undefined));
  });
});
