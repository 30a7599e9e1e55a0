/**
 * A program of its own, which Helm runs between rendering and applying: fills the images into what
 * it reads. The argument is a file with them.
 */
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fillStream, type StreamFilling } from './fill-stream.ts';

const filling = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as StreamFilling;
process.stdout.write(fillStream(await text(process.stdin), filling));
