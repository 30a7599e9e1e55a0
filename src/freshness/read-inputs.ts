import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageConfig } from '../config/config.ts';
import { sha256 } from '../core/digest.ts';
import { HarnessError, messageOf } from '../core/error.ts';
import { FILE_SYSTEM, type FileSystemRules } from '../machine/fs-clock.ts';
import { readContext, readIgnoreFile } from '../sources/context.ts';
import type { FileSet } from '../sources/file-set.ts';
import { SourceFilter, splitOrRemember } from '../sources/source-filter.ts';
import { verifyContext, type VerifiedContext } from '../sources/verify-context.ts';
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
  /** Files that a build could see but that the image's `sources` exclude from its inputs. */
  outside: FileSet | undefined;
  /** Whether a file of the context counts as an input. */
  counts: (path: string) => boolean;
  /** The Dockerfile and the ignore file as they were read. The build gets these contents. */
  dockerfile: Buffer;
  ignore: string;
  options: BuildOptions;
}

/** What the reader needs to know about its surroundings. */
export interface Surroundings {
  stateDirectory: string;
  env: NodeJS.ProcessEnv;
  /** Asks for the engine's platform, such as `linux/amd64`. */
  platform: () => Promise<string>;
  fileSystem?: FileSystemRules;
}

/** Reads sources. It remembers contexts within one run, because images often share one. */
export class SourceReader {
  readonly #stateDirectory: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #platform: () => Promise<string>;
  readonly #fileSystem: FileSystemRules;
  readonly #contexts = new Map<string, Promise<SourceTree>>();
  readonly #verified = new Map<string, VerifiedContext>();

  constructor({ stateDirectory, env, platform, fileSystem = FILE_SYSTEM }: Surroundings) {
    this.#stateDirectory = stateDirectory;
    this.#env = env;
    this.#platform = platform;
    this.#fileSystem = fileSystem;
  }

  /**
   * All inputs of an image.
   * @param bases the image's base references with their ids, see `Inputs.bases`
   * @throws HarnessError BUILD when they cannot be read, CONFIG when a named context would include
   * the harness's own files
   */
  async read(image: ImageConfig, bases: Readonly<Record<string, string>>): Promise<ObservedInputs> {
    return this.#reading(image, () => this.#read(image, bases));
  }

  async #reading<T>(image: ImageConfig, work: () => T | Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof HarnessError) throw error;
      throw new HarnessError('BUILD', `Could not read the sources of image ${image.name}: ${messageOf(error)}.`, {
        next: `Make the file readable, or exclude it from the context of \`images.${image.name}\` with \`.dockerignore\`.`,
        cause: error,
      });
    }
  }

  async #read(image: ImageConfig, bases: Readonly<Record<string, string>>): Promise<ObservedInputs> {
    const dockerfile = readFileSync(image.dockerfile);
    const userIgnore = readIgnoreFile(image.context, image.dockerfile);
    const ignore = withoutStateDirectories(userIgnore ?? '');
    const options = buildOptions(image, { env: this.#env, platform: await this.#platform() });
    const settings = { ...options.settings };
    const context = await this.#tree(image.context, ignore);
    const trees: Record<string, SourceTree> = { [CONTEXT]: context };
    for (const [name, named] of Object.entries(image.contexts)) {
      if ('directory' in named) {
        trees[name] = await this.#tree(named.directory, readIgnoreFile(named.directory) ?? '');
        refuseStateDirectories(image, name, named.directory, trees[name]);
      }
      // The part before an `@` may contain a password.
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
        'ignore file': userIgnore === undefined ? 'none' : `sha256:${sha256(userIgnore)}`,
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

  /**
   * Reads every file of an image's contexts, and compares the index with them. The index is
   * corrected.
   * @returns for each context: its name, undefined for the main one, and a key that images share
   * if they share a context
   * @throws HarnessError as `read`
   */
  async verify(image: ImageConfig): Promise<(VerifiedContext & { name?: string; key: string })[]> {
    return this.#reading(image, () => {
      const ignore = withoutStateDirectories(readIgnoreFile(image.context, image.dockerfile) ?? '');
      const contexts = [
        { directory: image.context, ignore },
        ...Object.entries(image.contexts).flatMap(([name, named]) =>
          'directory' in named
            ? [{ name, directory: named.directory, ignore: readIgnoreFile(named.directory) ?? '' }]
            : [],
        ),
      ];
      return contexts.map(({ directory, ignore, ...named }) => {
        const key = keyOf(directory, ignore);
        const verified =
          this.#verified.get(key) ?? verifyContext(directory, ignore, join(this.#indexes, key), this.#fileSystem);
        this.#verified.set(key, verified);
        return { ...named, key, ...verified };
      });
    });
  }

  /** Forgets all contexts, so that the next `read` looks at the files again. */
  forget(): void {
    this.#contexts.clear();
  }

  get #indexes(): string {
    return join(this.#stateDirectory, 'index');
  }

  #tree(context: string, ignore: string): Promise<SourceTree> {
    const key = keyOf(context, ignore);
    const known = this.#contexts.get(key) ?? readContext(context, ignore, join(this.#indexes, key), this.#fileSystem);
    this.#contexts.set(key, known);
    return known;
  }
}

/** The name of the index of a context with an ignore file. */
function keyOf(context: string, ignore: string): string {
  return sha256(`${context}\n${ignore}`).slice(0, 16);
}

/** Directories of harnesses: this one's, and those of checkouts and worktrees inside the context. */
const STATE_DIRECTORIES = '**/.harness';

/**
 * Excludes the files of all harnesses. They are never part of an image: they change with every
 * command, and they contain kubeconfigs.
 */
function withoutStateDirectories(ignore: string): string {
  return `${ignore}\n${STATE_DIRECTORIES}\n`;
}

/** BuildKit reads the ignore file of a named context itself, so nothing can be added to it. */
function refuseStateDirectories(image: ImageConfig, name: string, directory: string, tree: SourceTree): void {
  const found = tree.find((path) => /(^|\/)\.harness$/.test(path));
  if (found === undefined) return;
  throw new HarnessError(
    'CONFIG',
    `The named context \`${name}\` of image ${image.name} would include ${join(directory, found)}.`,
    {
      next: `Add the line \`${STATE_DIRECTORIES}\` to ${join(directory, '.dockerignore')}.`,
    },
  );
}
