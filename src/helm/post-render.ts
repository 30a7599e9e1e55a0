/**
 * A program of its own, which Helm runs between rendering and applying: fills the images into what
 * it reads. The argument is a file with the images.
 */
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import type { NamedImage } from '../loading/loaded-image.ts';
import { fillStream } from './fill-stream.ts';

const images = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as NamedImage[];
process.stdout.write(fillStream(await text(process.stdin), images));
