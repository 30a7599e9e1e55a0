import { closeSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ifPresent } from '../machine/if-present.ts';
import { replaceFile } from '../machine/state-file.ts';
import { hashOf, kindOf, STAT_COLUMNS, type Rows } from '../sources/rows.ts';
import { judgeSecretContent, type FoundSecret } from './judge-secrets.ts';

/** Larger files are not searched: secrets are in small ones. */
const LARGEST = 128 * 1024;

/** Bytes of a hash that stand for a content: enough to tell contents of one project apart. */
const KEY_BYTES = 8;

/** The version of what counts as a secret. Increase it when `judgeSecretContent` finds others. */
const FORMAT = 1;

/**
 * Files of a context with something that looks like a secret, by path. Contents that hold none are
 * remembered by their hashes, so that only changed files are read again.
 * @param memory the file for that
 */
export function secretContents(context: string, rows: Rows, memory: string): Map<string, FoundSecret> {
  const known = readMemory(memory);
  const clean = new Set<string>();
  const found = new Map<string, FoundSecret>();
  const buffer = Buffer.alloc(LARGEST);
  let hasNew = false;
  for (let row = 0; row < rows.paths.length; row++) {
    const size = rows.stats[row * STAT_COLUMNS] ?? 0;
    if (kindOf(rows, row) !== 'file' || size === 0 || size > LARGEST) continue;
    const key = Buffer.from(hashOf(rows, row)).toString('latin1', 0, KEY_BYTES);
    if (known.has(key)) {
      clean.add(key);
      continue;
    }
    const path = rows.paths.at(row);
    const text = ifPresent(() => readText(join(context, path), buffer));
    const secret = text === undefined ? undefined : judgeSecretContent(text);
    if (secret) found.set(path, secret);
    else {
      hasNew = true;
      clean.add(key);
    }
  }
  if (hasNew) writeMemory(memory, clean);
  return found;
}

/** The content of a file, if it is text. */
function readText(path: string, buffer: Buffer): string | undefined {
  const file = openSync(path, 'r');
  try {
    const bytes = readSync(file, buffer, 0, LARGEST, 0);
    return buffer.subarray(0, Math.min(bytes, 1024)).includes(0) ? undefined : buffer.toString('latin1', 0, bytes);
  } finally {
    closeSync(file);
  }
}

const HEAD = `kind-harness contents without secrets ${FORMAT}\n`;

function readMemory(path: string): Set<string> {
  const stored = ifPresent(() => readFileSync(path, 'latin1')) ?? '';
  const known = new Set<string>();
  if (!stored.startsWith(HEAD)) return known;
  for (let at = HEAD.length; at + KEY_BYTES <= stored.length; at += KEY_BYTES)
    known.add(stored.slice(at, at + KEY_BYTES));
  return known;
}

function writeMemory(path: string, clean: ReadonlySet<string>): void {
  try {
    replaceFile(path, (file) => writeFileSync(file, HEAD + [...clean].join(''), 'latin1'));
  } catch {
    // a full or read-only disk: the next audit reads the files again
  }
}
