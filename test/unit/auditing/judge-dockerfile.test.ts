import { describe, expect, it } from 'vitest';
import { builtStages } from '../../../src/auditing/built-stages.ts';
import { judgeDockerfile } from '../../../src/auditing/judge-dockerfile.ts';

const PIN = `@sha256:${'0'.repeat(64)}`;

const problems = (text: string, user?: string) =>
  judgeDockerfile(builtStages(text, { buildArgs: {}, platforms: [], buildPlatform: 'linux/amd64' }), {
    isConfigured: (base) => base === 'shop/base:dev',
    userOf: () => user,
  });
const found = (body: string, user = '1000') =>
  problems(`FROM a:1${PIN}\n${body}`, user).map(({ rule, line }) => `${rule} ${line + 1}`);

describe('a Dockerfile', () => {
  it.each([
    ['ARG GIT_COMMIT\nRUN make\n', ['early-stamp 2']],
    ['ENV BUILD_DATE=today\nRUN make\n', ['early-stamp 2']],
    ['LABEL org.opencontainers.image.revision=x\nRUN make\n', ['early-stamp 2']],
    ['RUN make\nARG GIT_COMMIT\nLABEL org.opencontainers.image.revision=$GIT_COMMIT\n', []],
    ['ARG COMMITTEE\nENV SHARE=x\nRUN make', []],
    ['COPY . .\nRUN --mount=type=cache,target=/root/.npm npm ci\n', ['copy-before-install 2']],
    ['COPY package.json .\nRUN --mount=type=cache,target=/root/.npm npm ci\nCOPY . .\n', []],
    ['RUN npm ci\n', ['cache-mount 2']],
    ['RUN apt-get update && apt-get install -y curl\n', ['cache-mount 2']],
    ['RUN --mount=type=cache,target=/var/cache/apt apt-get install -y curl\n', ['cache-mount-lock 2']],
    ['RUN --mount=type=cache,dst=/var/lib/apt,sharing=locked apt-get install -y curl\n', []],
    ['RUN apk add --no-cache curl\n', []],
    ['ARG NPM_TOKEN\n', ['secret-in-arg 2']],
    ['ENV A=b DB_PASSWORD=x\n', ['secret-in-arg 2']],
    ['ENV DB_PASSWORD_FILE=/run/x TOKENS=1\n', []],
    ['ENV X=AKIAABCDEFGHIJKLMNOP\n', ['secret-content 2']],
    ['USER root\n', ['root-user 2']],
    ['USER 0:0\n', ['root-user 2']],
    ['USER root\nUSER app\n', []],
  ])('%j has %j', (body, expected) => {
    expect(found(body)).toEqual(expected);
  });

  it('runs as root unless it or its base says otherwise', () => {
    expect(found('', 'app')).toEqual([]);
    expect(found('', '')).toEqual(['root-user 1']);
    expect(problems(`FROM a:1${PIN} AS x\nUSER 5\nFROM x`)).toEqual([]);
  });

  it('names bases that can come to mean another image, but not stages and images of this configuration', () => {
    const bases = (text: string) =>
      problems(`${text}\nUSER 5`).map(
        ({ rule, line, message }) => `${rule} ${line + 1} ${message.split(' ', 2).join(' ')}`,
      );
    expect(bases('FROM a:1 AS x\nFROM x')).toEqual(['unpinned-base 1 a:1 can']);
    expect(bases('FROM localhost:5000/a')).toEqual(['unpinned-base 1 localhost:5000/a names']);
    expect(bases('FROM scratch')).toEqual([]);
    expect(bases('FROM shop/base:dev')).toEqual([]);
  });

  it('never shows the value of a secret', () => {
    const text = `FROM a:1${PIN}\nENV DB_PASSWORD=hunter2 X=AKIAABCDEFGHIJKLMNOP`;
    expect(JSON.stringify(problems(text))).not.toMatch(/hunter2|AKIA/);
  });
});
