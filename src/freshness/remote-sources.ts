import type { ImageConfig } from '../config/config.ts';
import { readInstructions, splitBlanks, type Instruction } from './dockerfile-instructions.ts';

/**
 * Tells whether a URL that BuildKit used is known: a named context, or in an `ADD`. Which URL that is
 * follows from the Dockerfile, its arguments and its bases, and all of these are inputs. So only
 * an instruction that was not read could name another one, and a variable may stand for any URL.
 * @param triggers the `ONBUILD` instructions of the bases
 */
export function urlsNamedBy(
  dockerfile: string,
  contexts: ImageConfig['contexts'],
  triggers: readonly string[],
): (url: string) => boolean {
  const words = [dockerfile, ...triggers].flatMap((text) => readInstructions(text).instructions.flatMap(addedWords));
  const named = Object.values(contexts).flatMap((context) => ('url' in context ? [context.url] : []));
  const places = new Set([...words, ...named].map(placeOf));
  const isAnyNamed = words.some((word) => word.includes('$'));
  return (url) => isAnyNamed || places.has(placeOf(url));
}

function addedWords(instruction: Instruction): string[] {
  const { keyword, rest } = instruction;
  if (keyword === 'ONBUILD') return readInstructions(rest).instructions.flatMap(addedWords);
  if (keyword !== 'ADD') return [];
  const isJson = rest.startsWith('[');
  return splitBlanks(isJson ? rest.slice(1).replaceAll(/[\]",]/g, ' ') : rest.replaceAll(/["']/g, ''));
}

/**
 * Host and path of a URL. BuildKit names neither a password nor the directory in a repository, and
 * writes `git@host:path` in other ways.
 */
function placeOf(url: string): string {
  const [place = ''] = url
    .replace(/^[a-z][a-z+.-]*:\/\//i, '')
    .replace(/^[^/@]*@/, '')
    .split(/[?#]/, 1);
  return place.replace(/^([^/:]+):(?!\d)/, '$1/').replace(/(\.git)?\/*$/, '');
}
