import { readFileSync } from 'node:fs';
import { basename, relative } from 'node:path';
import type { ImageConfig } from '../config/config.ts';
import type { DockerImage } from '../docker/engine.ts';
import { layerHistory, type HistoryEntry } from '../docker/image-history.ts';
import { buildOptions } from '../freshness/build-options.ts';
import { ifPresent } from '../machine/if-present.ts';
import type { Session } from '../session.ts';
import { decideLines } from './decide-lines.ts';
import { sharedEntries, type LayeredImage } from './judge-shared.ts';
import { imageSizeError, type SizedLayer, type WeighedImage } from './judge-size.ts';

/** What `harness size` reports about an image. */
export interface ImageSize extends Omit<WeighedImage, 'bytes' | 'layers'> {
  reference: string;
  /** Null if Docker does not have the image. */
  bytes: number | null;
  /** Those that have bytes, the last one first. */
  layers: SharedLayer[];
}

export interface SharedLayer extends SizedLayer {
  /** The other configured images that have the same layer. */
  shared: string[];
}

/** How large images are, and what made them so. Changes nothing. */
export async function weighImages(session: Session, images: readonly ImageConfig[]): Promise<ImageSize[]> {
  const known = await Promise.all(session.config.images.map((image) => lookAt(session, image)));
  const asked = known.filter(({ image }) => images.includes(image));
  return Promise.all(
    asked.map(async ({ image, found, history, layers }) => {
      const others = known
        .filter((other) => other.image !== image && other.found !== undefined)
        .map((other) => ({ name: other.image.name, entries: sharedEntries({ history, layers }, other) }));
      const sharedFrom = (index: number) =>
        others.filter(({ entries }) => index >= history.length - entries).map(({ name }) => name);
      const rows = await placedLayers(session, image, history);
      return {
        ...surroundingsOf(session, image),
        reference: image.reference,
        bytes: found ? sum(history) : null,
        layers: rows.map(({ index, ...layer }) => ({ ...layer, shared: sharedFrom(index) })),
      };
    }),
  );
}

/**
 * Refuses an image that is larger than its `maxSize`. Docker is asked only if the size that is known
 * does not answer.
 * @throws HarnessError TOO_LARGE with the largest layers
 */
export async function refuseTooLarge(session: Session, image: ImageConfig, built: DockerImage): Promise<void> {
  const { maxSize } = image;
  // The containerd store counts what is packed, too.
  if (maxSize === undefined || (!built.inContainerd && built.size <= maxSize)) return;
  const history = await layerHistory(session.engine, built.id);
  const bytes = sum(history);
  if (bytes <= maxSize) return;
  const layers = await placedLayers(session, image, history);
  throw imageSizeError([{ ...surroundingsOf(session, image), bytes, layers }]) as Error;
}

async function lookAt(
  { engine }: Session,
  image: ImageConfig,
): Promise<LayeredImage & { image: ImageConfig; found: DockerImage | undefined }> {
  const found = await engine.image(image.reference);
  return { image, found, history: found ? await layerHistory(engine, found.id) : [], layers: found?.layers ?? [] };
}

function surroundingsOf({ config }: Session, image: ImageConfig) {
  const path = relative(config.root, image.dockerfile);
  return {
    image: image.name,
    maxSize: image.maxSize ?? null,
    dockerfile: path.startsWith('..') ? basename(image.dockerfile) : path,
  };
}

/** The entries that have bytes, with their index in the history. */
async function placedLayers(
  session: Session,
  image: ImageConfig,
  history: readonly HistoryEntry[],
): Promise<(SizedLayer & { index: number })[]> {
  const buildPlatform = await session.engine.platform();
  const { args: buildArgs, platforms } = buildOptions(image, { env: session.env, platform: buildPlatform });
  const text = ifPresent(() => readFileSync(image.dockerfile, 'utf8')) ?? '';
  const lines = decideLines(
    history.map(({ instruction }) => instruction),
    text,
    { buildArgs, platforms, buildPlatform, target: image.target },
    image.stamps.filter(({ as }) => as === 'env' || as === 'file').length,
  );
  return history.flatMap(({ instruction, bytes }, index): (SizedLayer & { index: number })[] => {
    if (bytes === 0) return [];
    const origin = lines[index];
    if (typeof origin === 'object') return [{ index, ...origin, isBase: false, bytes }];
    return [{ index, line: null, instruction: withoutArguments(instruction), isBase: origin === 'base', bytes }];
  });
}

/** An instruction in BuildKit's words, without the values of build arguments: they may be secret. */
function withoutArguments(instruction: string): string {
  const text = instruction
    .replace(/ # buildkit$/, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  if (!/^RUN \|\d+ /.test(text)) return text;
  const command = text.indexOf('/bin/sh -c ');
  return command === -1 ? 'RUN …' : `RUN ${text.slice(command + '/bin/sh -c '.length)}`;
}

function sum(history: readonly HistoryEntry[]): number {
  return history.reduce((bytes, entry) => bytes + entry.bytes, 0);
}
