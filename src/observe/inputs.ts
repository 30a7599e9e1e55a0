import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { ImageConfig } from '../model/config.ts';
import { inputsDigest, type Inputs } from '../model/inputs.ts';
import { baseReferences } from './dockerfile.ts';
import { readContext, readIgnoreFile, type ContextFiles } from './context.ts';
import { FileIndex, type IndexOptions } from './file-index.ts';
import { splitBySources } from './sources.ts';

/** The inputs of an image as they are now. */
export interface ObservedInputs {
  inputs: Inputs;
  digest: string;
  context: ContextFiles;
  /** What the image's `sources` leave out of its inputs, though a build could see it. */
  outside: Map<string, string>;
  /** The Dockerfile and the ignore file as they were read: what was read is what is built. */
  dockerfile: string;
  ignore: string;
}

/** Reads sources; remembers what it read within one run, because images often share a context. */
export class SourceReader {
  readonly #stateDirectory: string;
  readonly #index: IndexOptions | undefined;
  readonly #contexts = new Map<string, ContextFiles>();

  constructor(stateDirectory: string, index?: IndexOptions) {
    this.#stateDirectory = stateDirectory;
    this.#index = index;
  }

  /**
   * All inputs of an image.
   * @param bases the image's base references with what stands for them, see `Inputs.bases`
   */
  read(image: ImageConfig, bases: Readonly<Record<string, string>>): ObservedInputs {
    const dockerfile = readFileSync(image.dockerfile, 'utf8');
    const ownIgnore = readIgnoreFile(image.context, image.dockerfile);
    const ignore = this.#withoutOurs(image.context, ownIgnore ?? '');
    const context = this.#context(image.context, ignore);
    const settings: Record<string, string> = {
      Dockerfile: sha256(dockerfile),
      'ignore file': ownIgnore === undefined ? 'none' : sha256(ownIgnore),
      target: image.target ?? 'the last stage',
    };
    for (const [name, value] of Object.entries(image.buildArgs)) settings[`build argument ${name}`] = value;
    const { inside, outside } = image.sources
      ? splitBySources(context.files, image.sources)
      : { inside: context.files, outside: new Map<string, string>() };
    const inputs = { files: inside, settings, bases };
    return { inputs, digest: inputsDigest(inputs), context, outside, dockerfile, ignore };
  }

  /** Forgets what it read, so that the next `read` looks at the files again. */
  forget(): void {
    this.#contexts.clear();
  }

  /** The harness's own files are never part of an image, even where the context is the whole repository. */
  #withoutOurs(context: string, ignore: string): string {
    const inside = relative(context, this.#stateDirectory).split(sep).join('/');
    return inside.startsWith('../') || inside === '..' ? ignore : `${ignore}\n${asPattern(inside)}\n`;
  }

  #context(context: string, ignore: string): ContextFiles {
    const key = sha256(`${context}\n${ignore}`).slice(0, 16);
    const known = this.#contexts.get(key);
    if (known) return known;
    const index = FileIndex.open(join(this.#stateDirectory, 'index', `${key}.json`), this.#index);
    const files = readContext(context, ignore, index);
    index.save();
    this.#contexts.set(key, files);
    return files;
  }
}

/** A path as a pattern that matches it and nothing else: directories may have names with brackets, blanks or a `!`. */
function asPattern(path: string): string {
  return path.replace(/[^\w./\u0080-\uffff-]/g, '\\$&');
}

/** The references that an image's Dockerfile starts from. */
export function basesOf(image: ImageConfig): string[] {
  return baseReferences(readFileSync(image.dockerfile, 'utf8'), image.buildArgs);
}

function sha256(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}
