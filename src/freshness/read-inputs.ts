import { readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { ImageConfig } from '../config/config.ts';
import { sha256 } from '../core/digest.ts';
import { HarnessError, messageOf } from '../core/error.ts';
import { FILE_SYSTEM, type FileSystemRules } from '../machine/fs-clock.ts';
import { readContext, readIgnoreFile } from '../sources/context.ts';
import { IgnoreRules, type IgnoreMatch } from '../sources/dockerignore.ts';
import type { FileSet } from '../sources/file-set.ts';
import { SourceFilter, splitOrRemember } from '../sources/source-filter.ts';
import type { SourceTree } from '../sources/tree.ts';
import { buildOptions, type BuildOptions } from './build-options.ts';
import { CONTEXT, inputsDigest, type Inputs } from './inputs.ts';

/** The inputs of an image as they are now. */
export interface ObservedInputs {
  inputs: Inputs;
  digest: string;
  context: SourceTree;
  /** The context and the named contexts that are directories, by name. */
  trees: Record<string, SourceTree>;
  /** What the image's `sources` leave out of its inputs, though a build could see it. */
  outside: FileSet | undefined;
  /** Whether a file of the context counts. */
  counts: (path: string) => boolean;
  /** The Dockerfile and the ignore file as they were read: what was read is what is built. */
  dockerfile: Buffer;
  ignore: string;
  options: BuildOptions;
}

/** What of this process's surroundings is an input. */
export interface Surroundings {
  stateDirectory: string;
  env: NodeJS.ProcessEnv;
  fileSystem?: FileSystemRules;
}

/** Reads sources; remembers what it read within one run, because images often share a context. */
export class SourceReader {
  readonly #stateDirectory: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #fileSystem: FileSystemRules;
  readonly #contexts = new Map<string, Promise<SourceTree>>();

  constructor({ stateDirectory, env, fileSystem = FILE_SYSTEM }: Surroundings) {
    this.#stateDirectory = stateDirectory;
    this.#env = env;
    this.#fileSystem = fileSystem;
  }

  /**
   * All inputs of an image.
   * @param bases the image's base references with what stands for them, see `Inputs.bases`
   * @throws HarnessError BUILD when they cannot be read, CONFIG when a named context would take the
   * harness's own files along
   */
  async read(image: ImageConfig, bases: Readonly<Record<string, string>>): Promise<ObservedInputs> {
    try {
      return await this.#read(image, bases);
    } catch (error) {
      if (error instanceof HarnessError) throw error;
      throw new HarnessError('BUILD', `The sources of the image ${image.name} cannot be read: ${messageOf(error)}.`, {
        next: `Look at what is named there, or leave it out of the context of \`images.${image.name}\` with .dockerignore.`,
        cause: error,
      });
    }
  }

  async #read(image: ImageConfig, bases: Readonly<Record<string, string>>): Promise<ObservedInputs> {
    const dockerfile = readFileSync(image.dockerfile);
    const ownIgnore = readIgnoreFile(image.context, image.dockerfile);
    const ignore = this.#withoutOurs(image.context, ownIgnore ?? '');
    const options = buildOptions(image, this.#env);
    const settings = { ...options.settings };
    const context = await this.#tree(image.context, ignore);
    const trees: Record<string, SourceTree> = { [CONTEXT]: context };
    for (const [name, named] of Object.entries(image.contexts)) {
      if ('directory' in named) {
        const ignoreThere = readIgnoreFile(named.directory) ?? '';
        this.#refuseOurs(image, name, named.directory, ignoreThere);
        trees[name] = await this.#tree(named.directory, ignoreThere);
      }
      // What stands before an `@` may be a password.
      if ('url' in named)
        settings[`context ${name}`] = named.url.includes('@') ? `sha256:${sha256(named.url)}` : named.url;
    }
    const files = Object.fromEntries(Object.entries(trees).map(([name, tree]) => [name, tree.files]));
    const split = image.sources && splitOrRemember(context.files, image.sources, this.#indexes, image.name);
    const filter = image.sources && new SourceFilter(image.sources);
    const inputs: Inputs = {
      trees: split ? { ...files, [CONTEXT]: split.inside } : files,
      settings: {
        ...settings,
        Dockerfile: `sha256:${sha256(dockerfile)}`,
        'ignore file': ownIgnore === undefined ? 'none' : `sha256:${sha256(ownIgnore)}`,
      },
      bases,
    };
    const counts = (path: string) => filter?.counts(path) ?? true;
    return {
      inputs,
      digest: inputsDigest(inputs),
      context,
      trees,
      outside: split?.outside,
      counts,
      dockerfile,
      ignore,
      options,
    };
  }

  /** Forgets what it read, so that the next `read` looks at the files again. */
  forget(): void {
    this.#contexts.clear();
  }

  /**
   * The harness's own files are never part of an image, even where the context is the whole
   * repository.
   */
  #withoutOurs(context: string, ignore: string): string {
    const inside = this.#oursIn(context);
    return inside === undefined ? ignore : `${ignore}\n${asPattern(inside)}\n`;
  }

  /**
   * BuildKit reads the ignore file of a named context by itself, so nothing can be added to it; and
   * a kubeconfig is among what lies there.
   */
  #refuseOurs(image: ImageConfig, name: string, directory: string, ignore: string): void {
    const inside = this.#oursIn(directory);
    if (inside === undefined || isLeftOut(inside, new IgnoreRules(ignore))) return;
    throw new HarnessError(
      'CONFIG',
      `The named context \`${name}\` of the image ${image.name} would take ${this.#stateDirectory} along.`,
      {
        next: `Add a line \`${inside}\` to ${join(directory, '.dockerignore')}.`,
      },
    );
  }

  /** Where the state directory lies in a context; undefined when it does not. */
  #oursIn(context: string): string | undefined {
    const inside = relative(context, this.#stateDirectory).split(sep).join('/');
    return inside.startsWith('../') || inside === '..' ? undefined : inside;
  }

  get #indexes(): string {
    return join(this.#stateDirectory, 'index');
  }

  #tree(context: string, ignore: string): Promise<SourceTree> {
    const key = sha256(`${context}\n${ignore}`).slice(0, 16);
    const known = this.#contexts.get(key) ?? readContext(context, ignore, join(this.#indexes, key), this.#fileSystem);
    this.#contexts.set(key, known);
    return known;
  }
}

/** Whether an ignore file leaves out a directory and everything in it. */
function isLeftOut(path: string, rules: IgnoreRules): boolean {
  const standingOf = (one: string): IgnoreMatch => {
    const slash = one.lastIndexOf('/');
    return slash === -1 ? rules.match(one) : rules.match(one, standingOf(one.slice(0, slash)));
  };
  return standingOf(path).ignored && !rules.mayHoldExceptions(path);
}

/**
 * A path as a pattern that matches it and nothing else: directories may have names with brackets,
 * blanks or a `!`.
 */
function asPattern(path: string): string {
  return path.replace(/[^\w./\u0080-\uffff-]/g, '\\$&');
}
