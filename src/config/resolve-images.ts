import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { byteSize } from '../core/byte-size.ts';
import { runtimeName } from '../docker/reference.ts';
import type { ImageConfig, NamedContext, OtherImage } from './config.ts';
import type { HarnessConfig } from './define.ts';
import { isDirectory, isFile } from './files.ts';
import { resolveStamps, resolveTags } from '../settings/image-facts.ts';
import { resolveStepSettings } from '../settings/step-settings.ts';
import { environmentName } from './names.ts';
import type { Problem } from './schema.ts';

type RawImage = NonNullable<HarnessConfig['images']>[string];

/** The configured images, with paths absolute and defaults filled in. */
export function resolveImages(
  raw: HarnessConfig['images'] = {},
  root: string,
  project: string,
  problems: Problem[],
): { images: ImageConfig[]; others: OtherImage[] } {
  const all = Object.entries(raw);
  const images = all
    .filter(([, { image }]) => image === undefined)
    .map(([name, image]) => resolveImage(name, image, root, project, problems));
  const others = all.flatMap(([name, { image, ...rest }]) =>
    image === undefined ? [] : [resolveOther(name, image, rest, problems)],
  );
  findClashes([...images, ...others], problems);
  findSharedTags(images, problems);
  return { images, others };
}

function resolveOther(name: string, image: string, rest: object, problems: Problem[]): OtherImage {
  const path = `images.${name}.image`;
  const more = Object.keys(rest);
  if (more.length > 0) {
    const found = more.map((key) => `\`${key}\``).join(', ');
    problems.push({ path, message: `expected nothing else for an image that is not built here, found ${found}` });
  }
  if (image.includes('@'))
    problems.push({ path, message: 'expected a tag, found a digest: nodes know a loaded image by its tag' });
  return { name, reference: withTag(image) };
}

function resolveImage(name: string, raw: RawImage, root: string, project: string, problems: Problem[]): ImageConfig {
  const context = resolve(root, raw.context ?? '.');
  const hasContext = isDirectory(context);
  if (!hasContext) {
    problems.push({ path: `images.${name}.context`, message: `expected a directory, found none at ${context}` });
  }
  const stamps = resolveStamps(raw.stamps, raw.buildArgs ?? {}, `images.${name}.stamps`, problems);
  const stampedLabels = stamps.filter(({ as }) => as === 'label').map((stamp) => stamp.name);
  return {
    name,
    context,
    dockerfile: findDockerfile(name, raw, root, context, problems),
    target: raw.target,
    sources: raw.sources,
    buildArgs: mapValues(raw.buildArgs ?? {}, (value) => (typeof value === 'object' ? value : String(value))),
    contexts: mapValues(raw.contexts ?? {}, (value, key) =>
      namedContext(value, root, `images.${name}.contexts.${key}`, problems),
    ),
    platforms: raw.platforms ?? [],
    secrets: mapValues(raw.secrets ?? {}, (value) => ('file' in value ? { file: resolve(root, value.file) } : value)),
    cacheImage: raw.cacheImage,
    reference: referenceFor(raw.tag, project, name),
    debianBases: raw.debianBases ?? {},
    stamps,
    maxSize: byteSize(raw.maxSize),
    tags: resolveTags(raw.tags, `images.${name}.tags`, problems),
    ...resolveStepSettings(raw, stampedLabels, root, `images.${name}`, problems),
  };
}

/**
 * The Dockerfile. A path may start at the configuration's directory, as all paths do, or at the
 * context, as in compose, Skaffold and bake.
 */
function findDockerfile(name: string, raw: RawImage, root: string, context: string, problems: Problem[]): string {
  const path = `images.${name}.dockerfile`;
  if (raw.dockerfile === undefined) {
    const file = join(context, 'Dockerfile');
    if (!isFile(file) && isDirectory(context))
      problems.push({ path, message: `expected a Dockerfile, found none at ${file}` });
    return file;
  }
  const candidates = [...new Set([resolve(root, raw.dockerfile), resolve(context, raw.dockerfile)])];
  const [first, second] = candidates.filter(isFile);
  if (first === undefined)
    problems.push({ path, message: `expected a Dockerfile, found none at ${candidates.join(' or ')}` });
  else if (second !== undefined && !readFileSync(first).equals(readFileSync(second)))
    problems.push({ path, message: `expected one Dockerfile, found two that differ: ${first} and ${second}` });
  return first ?? (candidates[0] as string);
}

/** As BuildKit reads it: what starts with a scheme is a URL, the rest is a directory. */
function namedContext(value: string, root: string, path: string, problems: Problem[]): NamedContext {
  if (value.startsWith('docker-image://')) return { image: value.slice('docker-image://'.length) };
  if (value.startsWith('oci-layout://')) {
    problems.push({
      path,
      message: 'expected a directory, `docker-image://` or a URL: changes in an OCI layout would not be noticed',
    });
  }
  if (/^([a-z][a-z+-]*:\/\/|git@)/.test(value)) return { url: value };
  const directory = resolve(root, value);
  if (!isDirectory(directory)) problems.push({ path, message: `expected a directory, found none at ${directory}` });
  return { directory };
}

function mapValues<T, U>(record: Record<string, T>, map: (value: T, key: string) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]));
}

/**
 * A single word is a tag, as in `tag: 'dev'`; anything with `/`, `:` or `@` is a whole reference.
 */
function referenceFor(tag: string | undefined, project: string, name: string): string {
  if (tag === undefined) return `${project}/${name}:dev`;
  if (!/[/:@]/.test(tag)) return `${project}/${name}:${tag}`;
  return withTag(tag);
}

function withTag(reference: string): string {
  return /:[^/]+$/.test(reference) ? reference : `${reference}:latest`;
}

/** A further name must not be the one of another image, or two images would take it in turns. */
function findSharedTags(images: ImageConfig[], problems: Problem[]): void {
  const owners = new Map(images.map(({ name, reference }) => [runtimeName(reference), name]));
  for (const { name, reference, tags } of images) {
    for (const [index, tag] of tags.entries()) {
      const full = runtimeName(`${reference.replace(/:[^:/]+$/, '')}:${tag}`);
      const owner = owners.get(full);
      if (owner !== undefined && owner !== name)
        problems.push({
          path: `images.${name}.tags[${index}]`,
          message: `expected a name of its own, found that of \`${owner}\` (${full})`,
        });
      owners.set(full, name);
    }
  }
}

/** Two images must differ in their reference, and in the variable that passes it to tests. */
function findClashes(images: OtherImage[], problems: Problem[]): void {
  const seen = new Map<string, string>();
  for (const image of images) {
    if ('context' in image && image.reference.includes('@')) {
      problems.push({
        path: `images.${image.name}.tag`,
        message: 'expected a tag, found a digest: the digest is not known before the build',
      });
    }
    for (const key of [runtimeName(image.reference), environmentName(image.name)]) {
      const other = seen.get(key);
      if (other !== undefined) {
        problems.push({
          path: `images.${image.name}`,
          message: `expected a unique name and tag, found those of \`${other}\` (${key})`,
        });
      }
      seen.set(key, image.name);
    }
  }
}
