import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { findProblems } from '../../src/building/used-sources.ts';
import { LABELS } from '../../src/core/labels.ts';
import { readBuildMetadata } from '../../src/docker/build-metadata.ts';
import { build as buildWithDocker } from '../../src/docker/buildx.ts';
import { DockerEngine } from '../../src/docker/engine.ts';
import { BASES_FORMAT } from '../../src/freshness/dockerfile.ts';
import { openHarness } from '../../src/harness.ts';
import { keep } from '../../src/machine/remembered-answer.ts';
import { run } from '../../src/machine/process.ts';
import { PLAIN_BUILD } from '../support/build-request.ts';
import { imageIn } from '../support/image-config.ts';
import { plant, scratch } from '../support/scratch.ts';

/*
 * What BuildKit says that it used in a build, compared with what the harness counts.
 */

const PROJECT = `coretest-used-${process.pid}`;
const REFERENCE = `${PROJECT}/app:dev`;
const BASE = `${PROJECT}-base:1`;
const TOOLS = `${PROJECT}-tools:1`;

const docker = async (...argv: string[]) => (await run(['docker', ...argv])).stdout.trim();

const made = new Set<string>();
afterAll(async () => {
  const ids = await docker('images', '--quiet', '--filter', `label=${LABELS.project}=${PROJECT}`);
  const all = [...made, ...new Set(ids.split('\n').filter((id) => id !== ''))];
  if (all.length > 0) await docker('rmi', '--force', ...all);
});

/** Builds an image by hand. */
async function byHand(reference: string, dockerfile: string): Promise<void> {
  const context = scratch();
  plant(context, { Dockerfile: dockerfile, file: reference });
  await docker('buildx', 'build', '--quiet', '--load', '--provenance=false', '--tag', reference, context);
  made.add(reference);
}

let root: string;
beforeEach(async () => {
  root = scratch();
  plant(root, { 'app/a': 'x' });
  await byHand(BASE, 'FROM scratch\nCOPY file /base\n');
  await byHand(TOOLS, 'FROM scratch\nCOPY file /tools\n');
});

/** Opens the harness as a new process would. */
async function open(image: object, notes: string[] = []) {
  const images = { app: { context: 'app', ...image } };
  writeFileSync(join(root, 'harness.config.json'), JSON.stringify({ project: PROJECT, images }));
  return openHarness({
    cwd: root,
    emit: (event) => void (event.type === 'note' && notes.push(event.message)),
    env: { ...process.env, XDG_CACHE_HOME: join(root, 'cache') },
  });
}

interface Seen {
  verdict: string | undefined;
  reason: string | undefined;
  notes: string[];
}

async function build(image: object = {}): Promise<Seen> {
  const notes: string[] = [];
  const harness = await open(image, notes);
  await harness.build();
  const [built] = harness.results.builds;
  return { verdict: built?.verdict, reason: built?.reason, notes };
}

const misreading = () => join(root, '.harness', PROJECT, 'bases/app.json');

/** Makes the harness miss a base in a Dockerfile: it remembers what it read in one. */
async function misread(dockerfile: string, bases: string[]): Promise<void> {
  const native = await DockerEngine.of(process.env).platform();
  plant(root, { 'app/Dockerfile': dockerfile });
  keep(misreading(), [BASES_FORMAT, native, dockerfile, {}, [native], undefined], bases);
}

const UNCOUNTED = `BuildKit used ${TOOLS}, which the harness did not count`;
const WARNING = `image app: ${UNCOUNTED}; so each run builds it again`;

describe('a base that was not counted', () => {
  it('makes the image stale, everywhere and with a warning, until it counts', async () => {
    await misread(`FROM ${BASE}\nCOPY --from=${TOOLS} /tools /\n`, [BASE]);
    expect(await build()).toEqual({ verdict: 'built', reason: 'there is no such image', notes: [WARNING] });
    expect(await build()).toEqual({ verdict: 'built', reason: UNCOUNTED, notes: [WARNING] });
    rmSync(join(root, '.harness', PROJECT, 'built'), { recursive: true }); // as for another checkout
    expect((await (await open({})).cacheStatus()).images[0]).toMatchObject({
      verdict: 'stale',
      reason: 'BuildKit used something that the harness did not count',
    });
    rmSync(misreading());
    expect(await build()).toMatchObject({ verdict: 'built', notes: [] });
    expect(await build()).toMatchObject({ verdict: 'fresh', notes: [] });
  });
});

describe('no warning', () => {
  it('is given for anything that an image can be built from', async () => {
    const server = createServer((_, answer) => answer.setHeader('ETag', '"1"').end('content'));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    try {
      const url = `http://localhost:${(server.address() as AddressInfo).port}`;
      plant(root, {
        'other/file': 'x',
        'app/Dockerfile': [
          `ARG VERSION=1`,
          `FROM ${PROJECT}-missing:1 AS not-needed`,
          `FROM "${PROJECT}-base:\${VERSION:?}" AS first`,
          `FROM first AS second`,
          `ADD ${url}/archive?v=1 /added`,
          `ARG NAME`,
          `ADD ${url}/$NAME /named`,
          `FROM scratch`,
          `COPY --from=second / /`,
          `COPY --from=docker.io/${TOOLS} / /`,
          `COPY --from=directory / /`,
          `COPY --from=image / /image`,
        ].join('\n'),
      });
      const contexts = { directory: 'other', image: `docker-image://${TOOLS}` };
      const image = { contexts, buildArgs: { NAME: 'file' } };
      expect(await build(image)).toMatchObject({ verdict: 'built', notes: [] });
      expect(await build(image)).toMatchObject({ verdict: 'fresh', notes: [] });
    } finally {
      server.close();
    }
  });

  it('is given for an image that only a trigger of the base names, and it counts', async () => {
    await byHand(BASE, `FROM scratch\nCOPY file /base\nONBUILD COPY --from=${TOOLS} /tools /\n`);
    plant(root, { 'app/Dockerfile': `FROM ${BASE}\n` });
    expect(await build()).toMatchObject({ verdict: 'built', notes: [] });
    expect(await build()).toMatchObject({ verdict: 'fresh', notes: [] });
    await byHand(TOOLS, 'FROM scratch\nCOPY file /tools\nLABEL version=2\n');
    expect(await build()).toMatchObject({ verdict: 'built', reason: `base image ${TOOLS} was replaced`, notes: [] });
  });
});

describe('the image that a name stood for during a build', () => {
  it('is the one that counted, or another one', async () => {
    plant(root, { 'app/Dockerfile': `FROM ${BASE}\nCOPY a /\n` });
    const engine = await DockerEngine.connect(process.env);
    const metadataFile = join(root, 'metadata.json');
    const context = join(root, 'app');
    const dockerfile = join(context, 'Dockerfile');
    await buildWithDocker({ ...PLAIN_BUILD, context, dockerfile, reference: REFERENCE, metadataFile });
    made.add(REFERENCE);
    const { sources } = readBuildMetadata(metadataFile);
    const problems = async (reference: string) => {
      const bases = { [BASE]: (await engine.image(reference))?.id ?? 'external' };
      const read = { dockerfile: readFileSync(dockerfile) };
      return findProblems(engine, { image: imageIn(context), bases, standIns: {} }, { sources, read });
    };
    expect(await problems(BASE)).toEqual([]);
    expect(await problems(`${PROJECT}-missing:1`)).toEqual([]);
    expect(await problems(TOOLS)).toEqual([{ kind: 'replaced', reference: BASE }]);
  });
});
