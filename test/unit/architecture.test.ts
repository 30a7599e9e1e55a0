import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  circles,
  impureDecisions,
  oversized,
  readSources,
  roomOf,
  surroundingsRead,
  upwardImports,
  type Sources,
} from '../support/architecture.ts';

/** From the lowest floor to the highest. A room imports only from floors below, also types. */
const FLOORS: [rooms: string[], reason: string][] = [
  [['core'], 'what every room uses: errors, events, summaries, labels; no I/O'],
  [['patterns', 'profiles'], 'texts in, answers out; no I/O'],
  [['machine', 'kubernetes', 'report'], 'know one thing outside of this package each, and nothing inside'],
  [['endpoint'], 'where the engine is, and how to reach it'],
  [['docker', 'sources', 'apt'], 'run programs and read files through machine'],
  [['locking'], 'one run at a time, on this machine and in the engine'],
  [['settings'], 'parts of the configuration: how each is written, and what it means'],
  [['containerd', 'config', 'system-images', 'setup', 'caching'], 'need Docker, but no run'],
  [['session.ts', 'freshness'], 'what each stage receives; what an image is built from'],
  [['facts'], 'what is true about an image without being an input'],
  [['sizes'], 'how large images are, and what made them so'],
  [['claims'], 'whose tests rely on what is deployed'],
  [['cluster', 'building'], 'the two stages that start a run, in parallel'],
  [['auditing'], 'what contexts and images hold, as building sends and makes them'],
  [['registry', 'services'], 'containers next to the cluster: they need its network'],
  [['loading', 'pruning'], 'what gets into nodes and what leaves them; neither knows the other'],
  [['manifests'], 'what is to be applied, with the loaded images filled in'],
  [['applying'], 'sends that to the API server, and remembers it'],
  [['deploying'], 'applies in order, and waits until it runs'],
  [['helm'], 'releases of charts'],
  [['rendering'], 'the steps of a deployment, and what other tools make of overlays'],
  [['testing'], 'needs what is deployed'],
  [['run', 'fixtures'], 'run joins the stages; fixtures are the same for a single test'],
  [['dev'], 'repeats runs'],
  [['harness.ts'], 'the library'],
  [['cli', 'vitest', 'open.ts'], 'the entry points'],
  [['index.ts'], 'what the package exports'],
];

/** The files that may read the environment, arguments and working directory. They pass them on. */
const SURROUNDINGS: [path: string, reads: string[], reason: string][] = [
  ['src/cli/main.ts', ['process.argv', 'process.cwd', 'process.env'], 'the command'],
  ['src/harness.ts', ['process.cwd', 'process.env'], 'defaults of the library'],
  ['src/helm/post-render.ts', ['process.argv'], 'a program of its own'],
  ['src/vitest/global-setup.ts', ['process.env'], 'vitest passes it nothing else'],
  ['src/vitest/passed-reporter.ts', ['process.env'], 'vitest passes it nothing else'],
  ['src/vitest/preload.ts', ['process.argv', 'process.env'], 'a program of its own'],
  ['src/fixtures/apply.ts', ['process.cwd'], "tests name files from vitest's root"],
  ['src/fixtures/apply-step.ts', ['process.cwd', 'process.env'], "starts at vitest's root, finds programs on the PATH"],
  ['src/fixtures/diagnosis.ts', ['process.cwd'], "prints paths from vitest's root"],
  ['src/fixtures/fixtures.ts', ['process.cwd'], "prints paths from vitest's root"],
];

const ROOT = join(import.meta.dirname, '..', '..');
const sources = readSources(ROOT);
const floors = FLOORS.map(([rooms]) => rooms);

/** The package's sources with files planted in them. */
const withFiles = (files: Record<string, string>): Sources => new Map([...sources, ...Object.entries(files)]);

describe('imports', () => {
  it('run downwards', () => {
    expect(upwardImports(sources, floors)).toEqual([]);
  });

  it('that run upwards or sideways are named, also those of types', () => {
    const planted = withFiles({
      'src/core/up.ts': "import type { Session } from '../session.ts';",
      'src/pruning/sideways.ts': "export const load = () => import('../loading/load-image.ts');",
      'src/attic/new.ts': '',
    });
    expect(upwardImports(planted, floors)).toEqual([
      'attic has no floor',
      'src/core/up.ts imports src/session.ts, but core may not import from session.ts',
      'src/pruning/sideways.ts imports src/loading/load-image.ts, but pruning may not import from loading',
    ]);
  });

  it('form no circle', () => {
    expect(circles(sources)).toEqual([]);
  });

  it('that form a circle are named', () => {
    const planted = withFiles({
      'src/core/a.ts': "import type { B } from './b.ts';",
      'src/core/b.ts': "export { c } from './c.ts';",
      'src/core/c.ts': "import { a } from './a.ts';",
    });
    expect(circles(planted)).toEqual([
      'these import each other: src/core/a.ts → src/core/b.ts → src/core/c.ts → src/core/a.ts',
    ]);
  });
});

describe('decisions', () => {
  it('are pure', () => {
    expect(impureDecisions(sources)).toEqual([]);
  });

  it('that are not pure are named, with the imports that lead to the effect', () => {
    const planted = withFiles({
      'src/core/decide-late.ts': 'export const late = () => Date.now() > 0 || new Date() > new Date(0);',
      'src/core/judge-far.ts': "import { near } from './near.ts'; export const far = near;",
      'src/core/near.ts':
        "import { readFileSync } from 'node:fs'; export const near = () => process.env['HOME'] ?? readFileSync('x');",
      'src/core/decide-types.ts': "import type { near } from './near.ts'; export type Near = typeof near;",
    });
    expect(impureDecisions(planted)).toEqual([
      'src/core/decide-late.ts uses Date.now, and a decision must be pure',
      'src/core/decide-late.ts uses new Date(), and a decision must be pure',
      'src/core/judge-far.ts → src/core/near.ts uses process, and a decision must be pure',
      'src/core/judge-far.ts → src/core/near.ts imports node:fs, and a decision must be pure',
    ]);
  });
});

describe('environment, arguments and working directory', () => {
  it('are read only by the entry points', () => {
    const allowed = SURROUNDINGS.map(([path, reads]) => [path, reads]);
    expect(Object.fromEntries(surroundingsRead(sources))).toEqual(Object.fromEntries(allowed));
  });

  it('are seen when a file reads them', () => {
    const planted = new Map([['src/core/x.ts', 'export const x = process.cwd() + process.env.HOME;']]);
    expect([...surroundingsRead(planted)]).toEqual([['src/core/x.ts', ['process.cwd', 'process.env']]]);
  });
});

describe('sizes', () => {
  it('are at most 20 files a room and 250 lines a file', () => {
    expect(oversized(sources, { files: 20, lines: 250 })).toEqual([]);
  });

  it('that are larger are named', () => {
    expect(oversized(new Map([['src/core/x.ts', 'a\nb\nc\n']]), { files: 0, lines: 2 })).toEqual([
      'src/core has 1 files, more than 0',
      'src/core/x.ts has 3 lines, more than 2',
    ]);
  });
});

it('unit tests mirror the rooms', () => {
  const rooms = new Set([...sources.keys()].map(roomOf));
  const directories = readdirSync(join(ROOT, 'test', 'unit'), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  const strange = directories.map(({ name }) => name).filter((name) => !rooms.has(name) && name !== 'scripts');
  expect(strange).toEqual([]);
});
