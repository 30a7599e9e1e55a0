import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideSecretCache, type SecretCache, type SecretUse } from '../../../src/caching/decide-secret-cache.ts';

const DIGESTS = { npm: 'hmac-sha256:1', key: 'hmac-sha256:2' };

function decide(more: Partial<SecretUse> = {}): SecretCache {
  return decideSecretCache({ digests: DIGESTS, dockerfile: 'FROM a\n', buildArgs: {}, ...more });
}

describe('the host name of a build with secrets', () => {
  it('is a valid host name, and the same for the same values', () => {
    const { extraHosts } = decide();
    expect(extraHosts).toEqual([expect.stringMatching(/^[0-9a-f]{32}\.secrets\.kind-harness\.invalid:127\.0\.0\.1$/)]);
    expect(decide({ digests: { key: DIGESTS.key, npm: DIGESTS.npm } }).extraHosts).toEqual(extraHosts);
    expect(decide({ dockerfile: 'FROM b\n', buildArgs: { A: 'b' } }).extraHosts).toEqual(extraHosts);
  });

  it.each<[string, Record<string, string>]>([
    ['another value of one secret', { ...DIGESTS, key: 'hmac-sha256:3' }],
    ['values that are exchanged', { npm: DIGESTS.key, key: DIGESTS.npm }],
    ['one secret less', { npm: DIGESTS.npm }],
    ['one secret more', { ...DIGESTS, more: 'hmac-sha256:1' }],
    ['another id', { npm: DIGESTS.npm, other: DIGESTS.key }],
  ])('is another one for %s', (_, digests) => {
    expect(decide({ digests }).extraHosts).not.toEqual(decide().extraHosts);
  });

  it('is not needed without secrets, unless the Dockerfile could take one', () => {
    expect(decide({ digests: {} })).toEqual({ extraHosts: [], isKeyed: true });
    const optional = decide({ digests: {}, dockerfile: '# syntax=x\nFROM a\nRUN --mount=type=secret,id=npm true\n' });
    expect(optional).toEqual({ extraHosts: [expect.any(String)], isKeyed: true });
    expect(optional.extraHosts).not.toEqual(decide().extraHosts);
  });
});

describe('a frontend that certainly passes the host name on', () => {
  it.each<[string, string, Record<string, string>?]>([
    ["BuildKit's own", 'FROM a\n'],
    ["Docker's", '# syntax=docker/dockerfile:1\nFROM a\n'],
    [
      "Docker's, with a digest",
      `#syntax = docker.io/docker/dockerfile:1@sha256:${'0'.repeat(64)} with=options\nFROM a\n`,
    ],
    ["Docker's, in other notations", '#!/usr/bin/env x\r\n// Syntax=docker/dockerfile-upstream:master\r\nFROM a\r\n'],
    ['chosen by a build argument', '# syntax=x\nFROM a\n', { BUILDKIT_SYNTAX: 'docker/dockerfile:1-labs' }],
    ['no choice', 'FROM a\nRUN x --syntax=y # syntax=y\n'],
  ])('is %s', (_, dockerfile, buildArgs = {}) => {
    expect(decide({ dockerfile, buildArgs }).isKeyed).toBe(true);
  });

  it.each<[string, string, Record<string, string>?]>([
    ['another one', '# syntax=docker/dockerfiles\nFROM a\n'],
    ['a copy of it elsewhere', '# syntax=registry.example/docker/dockerfile:1\nFROM a\n'],
    ['another one after a byte order mark', '\uFEFF# syntax=x\nFROM a\n'],
    ['another one after white space', '\u0085 #  SYNTAX  =  x\nFROM a\n'],
    ['another one after directives', '# escape=`\n# syntax=x\nFROM a\n'],
    ['another one after a shebang', '#!/usr/bin/env docker\n# syntax=x\nFROM a\n'],
    ['another one beside it', '# syntax=docker/dockerfile:1\n// syntax=x\nFROM a\n'],
    ['another one in JSON', '{ "a": 1,\n "\\u0073yntax": "x" }'],
    ['another one in JSON after a shebang', '#!x\n {"syntax":"x"}'],
    ['an invalid one', '# syntax=docker/dockerfile:\nFROM a\n'],
    ['another one from a build argument', '# syntax=docker/dockerfile:1\nFROM a\n', { BUILDKIT_SYNTAX: 'x' }],
    ['an empty build argument', 'FROM a\n', { BUILDKIT_SYNTAX: '' }],
  ])('is not %s', (_, dockerfile, buildArgs = {}) => {
    expect(decide({ dockerfile, buildArgs }).isKeyed).toBe(false);
  });
});

/*
 * BuildKit as far as its cache is concerned. A step has a key without the values of secrets. Two
 * builds that need a step at the same time share it, whether they use the cache or not. Builds of
 * several users with keys of their own run on several engines, begin and end in any order, fail or
 * are interrupted; and some build by hand.
 */
/** The total number of simulated steps. */
const STEPS = Number(process.env['HARNESS_PROPERTY_STEPS'] ?? 20_000);

describe('random rotations, interruptions, engines, users and images', () => {
  const IMAGES = {
    api: { step: 'install', ids: ['npm'], dockerfile: 'FROM a\nRUN --mount=type=secret,id=npm install\n' },
    // The same step as the other one, with a secret more in another step.
    web: { step: 'install', ids: ['npm', 'key'], dockerfile: 'FROM a\nRUN --mount=type=secret,id=npm install\n' },
    // The same step, and the secret is optional.
    bare: { step: 'install', ids: [], dockerfile: 'FROM a\nRUN --mount=type=secret,id=npm install\n' },
    // A frontend that ignores names of hosts. All its images are one user's, see docs/freshness.md.
    foreign: { step: 'f', ids: ['npm'], dockerfile: '# syntax=x\n{{ npm }}\n' },
    alien: { step: 'f', ids: ['npm'], dockerfile: '# syntax=x\n{{ npm }}\n' },
  } as const;
  type Name = keyof typeof IMAGES;
  const user = fc.constantFrom('ann', 'bob');
  const engine = fc.constantFrom('here', 'there');
  const value = fc.constantFrom('v1', 'v2', 'v3');
  const command = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('rotate' as const), user, id: fc.constantFrom('npm', 'key'), value }),
    },
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('begin' as const),
        user,
        engine,
        image: fc.constantFrom<Name>('api', 'web', 'bare', 'foreign', 'alien'),
        rebuild: fc.boolean(),
      }),
    },
    { weight: 6, arbitrary: fc.record({ do: fc.constant('run the step' as const), which: fc.nat() }) },
    { weight: 5, arbitrary: fc.record({ do: fc.constant('complete' as const), which: fc.nat() }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('stop' as const), which: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('build by hand' as const), engine, value }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('prune' as const), engine }) },
  );
  type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

  /** A step that a build needs; `made` is the value that it was made with, once it has run. */
  interface Vertex {
    value: string;
    made?: string;
  }
  interface Build {
    engine: string;
    key: string;
    /** The value that the label stands for. */
    labelled: string;
    vertex: Vertex;
    isAlone: boolean;
  }

  /** Plays the commands. @returns what the completed images say, and how many used the cache */
  function play(commands: readonly Command[], decideCache: typeof decideSecretCache) {
    const values: Record<string, string> = {};
    const cache = new Map<string, string>();
    const underWay = new Map<string, { vertex: Vertex; builds: number }>();
    const builds: Build[] = [];
    const images: { labelled: string; made: string | undefined }[] = [];
    let cached = 0;
    const leave = (build: Build) => {
      builds.splice(builds.indexOf(build), 1);
      const shared = underWay.get(build.key);
      if (shared?.vertex === build.vertex && --shared.builds === 0) underWay.delete(build.key);
    };
    const begin = ({ user: who, engine: where, image, rebuild }: Extract<Command, { do: 'begin' }>) => {
      const { step, ids, dockerfile } = IMAGES[image];
      const isForeign = dockerfile.startsWith('#');
      if (isForeign && who !== 'ann') return;
      const valueOf = (id: string) => values[`${who} ${id}`] ?? 'v1';
      const digest = (id: string) =>
        createHmac('sha256', who)
          .update(`${id} ${valueOf(id)}`)
          .digest('hex');
      const { extraHosts, isKeyed } = decideCache({
        digests: Object.fromEntries(ids.map((id) => [id, digest(id)])),
        dockerfile,
        buildArgs: {},
      });
      if (!isKeyed && builds.some(({ isAlone }) => isAlone)) return; // it waits for its turn
      const key = JSON.stringify([where, step, isForeign ? [] : extraHosts]);
      const labelled = ids.length === 0 ? 'none' : valueOf('npm');
      const made = isKeyed && !rebuild ? cache.get(key) : undefined;
      if (made !== undefined) cached++;
      const shared = underWay.get(key);
      const vertex = made === undefined ? (shared?.vertex ?? { value: labelled }) : { value: made, made };
      if (made === undefined && shared) shared.builds++;
      else if (made === undefined) underWay.set(key, { vertex, builds: 1 });
      builds.push({ engine: where, key, labelled, vertex, isAlone: !isKeyed });
    };
    for (const one of commands) {
      if (one.do === 'rotate') values[`${one.user} ${one.id}`] = one.value;
      else if (one.do === 'begin') begin(one);
      else if (one.do === 'build by hand') cache.set(JSON.stringify([one.engine, 'install', []]), one.value);
      else if (one.do === 'prune') {
        for (const key of cache.keys()) if (key.startsWith(`["${one.engine}"`)) cache.delete(key);
      } else {
        const build = builds[one.which % Math.max(1, builds.length)];
        if (!build) continue;
        if (one.do !== 'stop') {
          build.vertex.made ??= build.vertex.value;
          cache.set(build.key, build.vertex.made);
        }
        if (one.do === 'complete') images.push({ labelled: build.labelled, made: build.vertex.made });
        if (one.do !== 'run the step') leave(build);
      }
    }
    return { images, cached };
  }

  const sequences = fc.array(command, { minLength: 1, maxLength: 40, size: 'max' });
  const numRuns = Math.ceil(STEPS / 20);

  it('never give an image another value than its label says', { timeout: Math.max(60_000, STEPS * 5) }, () => {
    let completed = 0;
    let fromCache = 0;
    fc.assert(
      fc.property(sequences, (commands) => {
        const { images, cached } = play(commands, decideSecretCache);
        for (const { labelled, made } of images) expect(made).toBe(labelled);
        completed += images.length;
        fromCache += cached;
      }),
      { numRuns },
    );
    // The cache must also have been used, or this would prove nothing.
    expect(fromCache).toBeGreaterThan(completed / 25);
  });

  it.each<[string, typeof decideSecretCache]>([
    ['without the host name', (use) => ({ ...decideSecretCache(use), extraHosts: [] })],
    ['with the cache for any frontend', (use) => ({ ...decideSecretCache(use), isKeyed: true })],
  ])('do so %s: the simulation sees it', (_, decideCache) => {
    const isRight = (commands: readonly Command[]) =>
      play(commands, decideCache).images.every(({ labelled, made }) => made === labelled);
    expect(fc.check(fc.property(sequences, isRight), { numRuns }).failed).toBe(true);
  });
});
