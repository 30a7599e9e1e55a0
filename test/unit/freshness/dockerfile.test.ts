import { describe, expect, it } from 'vitest';
import { baseReferences, triggeredReferences } from '../../../src/freshness/dockerfile.ts';

const NATIVE = 'linux/amd64';
const architecture = 'amd64';

describe('the bases of a Dockerfile', () => {
  it.each<[string, string, Record<string, string>, string[]]>([
    ['an image', 'FROM debian:bookworm-slim\n', {}, ['debian:bookworm-slim']],
    [
      'a digest, a registry with a port',
      'FROM a@sha256:abc\nFROM localhost:5000/x\n',
      {},
      ['a@sha256:abc', 'localhost:5000/x'],
    ],
    ['scratch, and nothing', 'FROM scratch\n', {}, []],
    ['no instruction', '', {}, []],
    ['an argument with a default', 'ARG V=1\nFROM go:${V}\n', {}, ['go:1']],
    ['an argument with a given value', 'ARG V=1\nFROM go:$V\n', { V: '2' }, ['go:2']],
    ['an argument that is not declared', 'FROM go:1$V\n', { V: '2' }, ['go:1']],
    ['an argument that is declared too late', 'FROM a\nARG V=1\nFROM b$V\n', {}, ['a', 'b']],
    ['several arguments in one line', 'ARG A=1 B=2\nFROM x:$A-$B\n', {}, ['x:1-2']],
    ['quotes', `ARG A="1" B='2'\nFROM x:$A-$B\n`, {}, ['x:1-2']],
    ['an argument made of others', 'ARG R=reg.io/x\nARG I=$R/y:1\nFROM $I\n', {}, ['reg.io/x/y:1']],
    ['the last of two', 'ARG A=1\nARG A=2\nFROM x:$A\n', {}, ['x:2']],
    ['a default for an unset argument', 'ARG V\nFROM x:${V:-3}\nFROM y:${V-4}\n', {}, ['x:3', 'y:4']],
    ['a default for an empty argument', 'ARG V=\nFROM x:1${V-3}\nFROM y:${V:-4}\n', {}, ['x:1', 'y:4']],
    ['an alternative for a set argument', 'ARG V=1\nFROM x:${V:+2}\nFROM y${U+z}\n', {}, ['x:2', 'y']],
    ['a default that contains another one', 'ARG P=alpine\nFROM ${O:-${P:-none}}\n', {}, ['alpine']],
    [
      'parts cut off',
      'ARG X=a-b-c\nFROM ${X%-*}\nFROM ${X%%-*}\nFROM ${X#*-}\nFROM ${X##*-}\n',
      {},
      ['a-b', 'a', 'b-c', 'c'],
    ],
    ['parts replaced', 'ARG X=a-b-c\nFROM ${X/-/_}\nFROM ${X//-/_}\nFROM ${X//[/_}\n', {}, ['a_b-c', 'a_b_c', 'a-b-c']],
    ['the platform', 'FROM --platform=$BUILDPLATFORM go-$TARGETARCH:$TARGETOS\n', {}, [`go-${architecture}:linux`]],
    ['a platform argument with a given value', 'FROM go-$TARGETARCH\n', { TARGETARCH: 'riscv64' }, ['go-riscv64']],
    ['stages, ignoring case', 'FROM a AS Build\nFROM build AS b\nFROM B\n', {}, ['a']],
    ['a stage that comes later', 'FROM s\nFROM a AS s\n', {}, ['s', 'a']],
    ['an image with the same name as a stage', 'FROM debian AS debian\nFROM debian\n', {}, ['debian']],
    [
      'copies from images, not from stages',
      'FROM a AS b\nCOPY --from=b / /\nCOPY --from=0 / /\nCOPY --link --from="n:2" / /\n',
      {},
      ['a', 'n:2'],
    ],
    ['mounts', 'FROM a AS b\nRUN --mount=type=bind,from=t:1,target=/t --mount=from=b x\n', {}, ['a', 't:1']],
    [
      'no text that only looks like a reference',
      'FROM a\n# FROM no\nRUN echo --mount=from=no COPY --from=no\nCOPY a --from=no /\n',
      {},
      ['a'],
    ],
    ['heredocs', 'FROM a\nRUN <<EOF\nFROM no\nCOPY --from=no a b\nEOF\nCOPY <<EOF /x\n--from=no\nEOF\n', {}, ['a']],
    ['lower case and carriage returns', 'from a\r\nfrom b as c\r\ncopy --from=d / /\r\n', {}, ['a', 'b', 'd']],
    ['continued lines', 'FROM a:1 \\\n  AS b\nFROM b\nCOPY \\\n --from=c:1 a b\n', {}, ['a:1', 'c:1']],
    ['a frontend', '# syntax = docker/dockerfile:1\nFROM a\n', {}, ['docker/dockerfile:1', 'a']],
    ['another frontend', '# syntax=x\nFROM a\n', { BUILDKIT_SYNTAX: 'y:2' }, ['y:2', 'a']],
    ['a frontend in another notation', '// Syntax=x:1 # and more\nFROM a\n', {}, ['x:1', 'a']],
    ['only the first word of a frontend', '# syntax=x:1 latest\nFROM a\n', {}, ['x:1', 'a']],
    ['no frontend from a later comment', 'FROM a\n# syntax=x\n', {}, ['a']],
    ['another escape character', '# escape=`\nFROM a:1 `\n AS b\nFROM b\n', {}, ['a:1']],
    ['quotes in FROM', `ARG B=b:1\nFROM "a:1"\nFROM a:"2"\nFROM "\${B}"\n`, {}, ['a:1', 'a:2', 'b:1']],
    ['quotes in a default', 'FROM ${O:-"a:1"}\n', {}, ['a:1']],
    ['an argument that must be set', 'ARG B=a\nFROM ${B:?missing}\n', {}, ['a']],
    ['nothing for an argument that must be set and is not', 'ARG B\nFROM ${B:?missing}\nFROM b\n', {}, ['b']],
    ['nothing for an argument that leaves no reference', 'ARG B\nFROM ${B}\nFROM b\n', {}, ['b']],
    ['quotes inside of a value', 'ARG T=d"e"v\nFROM a:$T\n', {}, ['a:dev']],
    ['a quoted pattern', 'ARG T=dev-slim\nFROM a:${T%"-slim"}\n', {}, ['a:dev']],
    ['an argument without a value before one with a value', 'ARG A B=a:1\nFROM $B\n', {}, ['a:1']],
    [
      'a given value as it is, even its own name',
      'FROM a:$TARGETARCH\n',
      { TARGETARCH: '$TARGETARCH' },
      ['a:$TARGETARCH'],
    ],
    ['the name of the stage', 'FROM a:${TARGETSTAGE} AS dev\n', {}, ['a:dev']],
    ['a word for a stage without a name', 'FROM a:${TARGETSTAGE}\n', {}, ['a:default']],
    ['an empty argument of the platform', 'FROM a${TARGETOSVERSION}\n', {}, ['a']],
    ['a line that ends in two backslashes', 'FROM a\nWORKDIR C:\\\\\nFROM b\n', {}, ['a', 'b']],
    ['no here-document in quotes', `FROM a\nRUN awk 'BEGIN { print "a <<b" }'\nFROM c\n`, {}, ['a', 'c']],
    ['no here-document in double quotes', 'FROM a\nRUN echo "all <<done>> here"\nFROM c\n', {}, ['a', 'c']],
    ['no here-document in an array', 'FROM a\nRUN ["sh", "-c", "cat <<END"]\nFROM b\n', {}, ['a', 'b']],
    ['a here-document with a quoted word', `FROM a\nRUN <<'END' sh\nFROM no\nEND\nFROM b\n`, {}, ['a', 'b']],
    ['a here-document with tabs', 'FROM a\nRUN <<-END\nFROM no\n\tEND\nFROM b\n', {}, ['a', 'b']],
    ['two here-documents', 'FROM a\nCOPY <<A <<B /\nFROM no\nA\nFROM no\nB\nFROM b\n', {}, ['a', 'b']],
    ['mounts with quotes', `FROM a\nRUN --mount=type=bind,from="b:1",target=/x y\n`, {}, ['a', 'b:1']],
    ['mounts with a quoted option', `FROM a\nRUN --mount=type=bind,'from=b:1',target=/x y\n`, {}, ['a', 'b:1']],
    ['mounts as CSV', 'FROM a\nRUN --mount=type=bind,\\"from=b:1\\",target=/x y\n', {}, ['a', 'b:1']],
    ['a blank in a mount', `FROM a\nRUN --mount=target="/a b" --mount=from=b:1 y\n`, {}, ['a', 'b:1']],
    ['the last of two sources', 'FROM a\nRUN --mount=from=scratch,target=/x,from=b:1 y\n', {}, ['a', 'b:1']],
    ['a copy with quotes inside', 'FROM scratch\nCOPY --from=b:"1" / /\n', {}, ['b:1']],
    ['a copy from a later stage', 'FROM a\nCOPY --from=s / /\nFROM b AS s\n', {}, ['a', 'b']],
    ['numbers as names', 'FROM 0\nCOPY --from=0 / /\n', {}, ['0']],
    ['triggers of a stage of this file', 'FROM a AS s\nONBUILD COPY --from=b / /\nFROM s\n', {}, ['a', 'b']],
    ['no triggers that do not run here', 'FROM a\nONBUILD COPY --from=b / /\n', {}, ['a']],
    ['comments and empty lines in a continued line', 'FROM \\\n# no\n\n  a\n', {}, ['a']],
    ['a no-break space around a line', '\u00a0FROM a\u00a0\n', {}, ['a']],
    ['a frontend after a line with a program', '#!/usr/bin/env x\n# syntax=y:1\nFROM a\n', {}, ['y:1', 'a']],
    ['a frontend in JSON', '{"syntax": "y:1", "x": 1}', {}, ['y:1']],
    ['a byte order mark', '\ufeff# syntax=y:1\nFROM a\n', {}, ['y:1', 'a']],
  ])('%s', (_, text, buildArgs, expected) => {
    expect(baseReferences(text, { buildArgs, platforms: [NATIVE], buildPlatform: NATIVE })).toEqual(expected);
  });

  it.each([
    ['linux/amd64/v1', 'app-amd64-'],
    ['linux/amd64/v2', 'app-amd64-v2'],
    ['linux/arm64/v8', 'app-arm64-'],
    ['linux/aarch64', 'app-arm64-'],
    ['linux/arm', 'app-arm-v7'],
    ['linux/arm/6', 'app-arm-v6'],
  ])('use the normal form of the platform %s', (platform, expected) => {
    const text = 'FROM app-$TARGETARCH-$TARGETVARIANT\n';
    expect(baseReferences(text, { buildArgs: {}, platforms: [platform], buildPlatform: NATIVE })).toEqual([expected]);
  });

  it('know the stage that is built', () => {
    const text = 'FROM a:$TARGETSTAGE AS one\nFROM one AS two\n';
    expect(baseReferences(text, { buildArgs: {}, platforms: [NATIVE], buildPlatform: NATIVE, target: 'one' })).toEqual([
      'a:one',
    ]);
  });

  it('may differ for each platform, and the build platform is this one', () => {
    const text = 'FROM --platform=$BUILDPLATFORM tools-$BUILDARCH\nFROM app-$TARGETARCH$TARGETVARIANT:$TARGETOS\n';
    expect(
      baseReferences(text, { buildArgs: {}, platforms: ['linux/amd64', 'linux/arm/v7'], buildPlatform: NATIVE }),
    ).toEqual([`tools-${architecture}`, 'app-amd64:linux', 'app-armv7:linux']);
  });
});

describe('the triggers of an image that a build is based on', () => {
  it.each([
    ['COPY --from=tools:1 /a /a', ['tools:1']],
    ['RUN --mount=from=tools:1,target=/t true', ['tools:1']],
    ['COPY --from=Stage /a /a', []],
    ['COPY --from=0 /a /a', []],
    ['RUN --mount=from=scratch true', []],
    ['ADD https://host/a /', []],
  ])('name images: %s', (trigger, expected) => {
    expect(triggeredReferences([trigger], 'FROM base AS stage\nFROM base\n')).toEqual(expected);
  });

  it('may be none', () => {
    expect(triggeredReferences([], 'FROM base\n')).toEqual([]);
  });
});
