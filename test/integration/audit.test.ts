import { linkSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openHarness } from '../../src/harness.ts';
import { tryRun } from '../../src/machine/process.ts';
import { plant, scratch } from '../support/scratch.ts';

/** The bytes of context that BuildKit counts in a build that it has sent nothing of before. */
async function bytesSent(context: string): Promise<number> {
  const argv = ['docker', 'buildx', 'build', '--progress=rawjson', '--output=type=cacheonly', context] as const;
  const { all, exitCode } = await tryRun(argv);
  expect(exitCode, all).toBe(0);
  interface Progress {
    vertexes?: { digest: string; name: string }[];
    statuses?: { vertex: string; id: string; current: number }[];
  }
  const progress = all.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Progress] : []));
  const sends = progress
    .flatMap(({ vertexes = [] }) => vertexes)
    .filter(({ name }) => name === '[internal] load build context');
  const counts = progress
    .flatMap(({ statuses = [] }) => statuses)
    .filter(({ id, vertex }) => id === 'transferring context:' && sends.some(({ digest }) => digest === vertex));
  return Math.max(0, ...counts.map(({ current }) => current));
}

it.each([
  ['a whole context', 'FROM scratch\nCOPY . /\n'],
  ['some paths, a link and a wildcard', 'FROM scratch\nCOPY src/direct lib/*.txt /\nADD empty /e/\n'],
  ['only what the target needs', 'FROM scratch AS a\nCOPY big /\nFROM scratch\nCOPY --from=0 /big /x\nCOPY many /\n'],
  ['nothing', 'FROM scratch\nCOPY <<EOF /x\nhere\nEOF\n'],
])('an audit predicts the bytes that BuildKit gets of %s', async (_, dockerfile) => {
  const root = scratch();
  plant(root, {
    Dockerfile: dockerfile,
    '.dockerignore': '**/*.log\n',
    'empty/': '',
    'src/real/a': 'x'.repeat(33_000),
    'src/zero': '',
    'lib/ä.txt': 'x'.repeat(200),
    'lib/b.md': 'x',
    'x.log': 'x',
  });
  for (let i = 0; i < 150; i++) plant(root, { [`many/${i % 7}/${i}`]: 'x'.repeat(i) });
  writeFileSync(join(root, 'big'), 'x');
  truncateSync(join(root, 'big'), 3 * 32 * 1024);
  symlinkSync('real', join(root, 'src', 'direct'));
  linkSync(join(root, 'src', 'real', 'a'), join(root, 'src', 'real', 'hard'));
  writeFileSync(join(root, 'harness.config.json'), JSON.stringify({ project: 'audit-test', images: { app: {} } }));
  const [audited] = await (await openHarness({ cwd: root })).audit();
  // The harness never sends its own files; plain Docker would.
  plant(root, { '.dockerignore': '**/*.log\n.harness  \n' });
  const predicted = (audited?.sentBytes ?? NaN) + (dockerfile.includes('COPY . ') ? '.harness  \n'.length : 0);
  expect(await bytesSent(root)).toBe(predicted);
});

it('--fix adds lines after those of the user, and keeps what any image with the same ignore file takes', async () => {
  const root = scratch();
  plant(root, {
    'a.Dockerfile': 'FROM scratch\nCOPY a /\n',
    'b.Dockerfile': 'FROM scratch\nCOPY b /\n',
    '.dockerignore': '# mine\n*.log',
    'a/x': 'x'.repeat(70_000),
    'b/x': 'x'.repeat(70_000),
    'c/x': 'x'.repeat(70_000),
  });
  const images = { a: { dockerfile: 'a.Dockerfile' }, b: { dockerfile: 'b.Dockerfile' } };
  writeFileSync(join(root, 'harness.config.json'), JSON.stringify({ project: 'audit-test', images }));
  const harness = await openHarness({ cwd: root });
  const [before] = await harness.audit(['a']);
  expect(before?.proposal).toMatchObject({ lines: ['/c'], isWritten: false });
  const [fixed] = await harness.audit(['a'], { fix: true });
  expect(fixed?.proposal).toMatchObject({ lines: ['/c'], isWritten: true });
  expect(readFileSync(join(root, '.dockerignore'), 'utf8')).toBe('# mine\n*.log\n/c\n');
  const [after] = await harness.audit(['a'], { fix: true });
  expect(after?.proposal).toBeNull();
  expect(after?.contextBytes).toBe((fixed?.proposal?.bytesAfter ?? NaN) + '\n/c\n'.length);
  expect(after?.reachableBytes).toBe(70_000);
});
