import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dockerClient } from '../../src/drivers/docker-client.ts';
import { tryRun } from '../../src/drivers/process.ts';
import { readContext } from '../../src/observe/context.ts';
import { FileIndex } from '../../src/observe/file-index.ts';
import { DIRECTORIES, IGNORE_FILES, TREE } from '../support/ignore-files.ts';

/*
 * Proves the ignore rules on what BuildKit really sends: each case is built (`FROM scratch`, `COPY . /`), and the archive of the result is
 * held against the harness's own reading of the same directory.
 */

let base: string;
let context: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'ignore-'));
  context = join(base, 'context');
  mkdirSync(context);
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

function plant(tree: Readonly<Record<string, string>>, directories: readonly string[] = []): void {
  for (const directory of directories) mkdirSync(join(context, directory), { recursive: true });
  for (const [path, content] of Object.entries(tree)) {
    mkdirSync(join(context, dirname(path)), { recursive: true });
    writeFileSync(join(context, path), content);
  }
}

/** Our reading, as `kind mode path`: contents are left out, because BuildKit itself loses some where its two matchers disagree. */
function ours(ignore: string): string[] {
  const { files } = readContext(context, ignore, FileIndex.open(join(base, 'index.json')));
  return [...files].map(([path, line]) => `${line.split(' ').slice(0, 2).join(' ')} ${path}`).sort();
}

/** What a build sees, in the same form; undefined where Docker refuses the ignore file. */
async function dockers(ignore: string): Promise<string[] | undefined> {
  const definition = join(base, 'Dockerfile');
  const archive = join(base, 'out.tar');
  writeFileSync(definition, 'FROM scratch\nCOPY . /\n');
  writeFileSync(`${definition}.dockerignore`, ignore);
  rmSync(archive, { force: true });
  const argv = [await dockerClient(), 'buildx', 'build', '--progress=plain', '--file', definition] as const;
  const result = await tryRun([...argv, '--output', `type=tar,dest=${archive}`, context]);
  if (/pattern/.test(result.all) && result.exitCode !== 0) return undefined;
  expect(result.exitCode, result.all).toBe(0);
  return listArchive(archive).sort();
}

const KINDS: Record<string, string> = { '-': 'file', h: 'file', d: 'directory', l: 'link', p: 'special' };

function listArchive(archive: string): string[] {
  const script = [
    'import json, sys, tarfile',
    'kind = lambda m: "d" if m.isdir() else "l" if m.issym() else "p" if m.isfifo() else "-"',
    'print(json.dumps([[kind(m), m.mode, m.name] for m in tarfile.open(sys.argv[1], ignore_zeros=True)]))',
  ].join('\n');
  const members = JSON.parse(execFileSync('python3', ['-c', script, archive], { encoding: 'utf8' })) as [string, number, string][];
  return members.map(([kind, mode, name]) => `${KINDS[kind]} ${kind === 'l' ? '0' : mode.toString(8)} ${name}`);
}
