import { existsSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { sourcesOf } from '../building/inspect-image.ts';
import type { ImageConfig } from '../config/config.ts';
import type { ObservedInputs } from '../freshness/read-inputs.ts';
import type { Session } from '../session.ts';
import { builtStages, takenBy, type BuiltStage, type TakenPath } from './built-stages.ts';
import { followLinks } from './follow-links.ts';

/** An image whose context and Dockerfile were read. */
export interface ReadImage {
  image: ImageConfig;
  observed: ObservedInputs;
  stages: BuiltStage[];
  taken: TakenPath[];
  /** What BuildKit asks for because of them, as patterns; undefined for everything. */
  patterns: string[] | undefined;
  /** The ignore file that rules; it may not exist yet. */
  ignoreFile: string;
  ignore: string;
  /** Facts about the base images that Docker has. */
  bases: ReadonlyMap<string, BaseFacts>;
}

interface BaseFacts {
  user: string;
  triggers: readonly string[];
}

/** Reads what an audit of an image needs. */
export async function readImage(session: Session, image: ImageConfig): Promise<ReadImage> {
  const observed = await sourcesOf(session).read(image, {});
  const buildPlatform = await session.engine.platform();
  const { args: buildArgs, platforms } = observed.options;
  const options = { buildArgs, platforms, buildPlatform, target: image.target };
  const text = observed.dockerfile.toString('utf8');
  const bases = await baseFacts(session, builtStages(text, options));
  const stages = builtStages(text, options, (base) => bases.get(base)?.triggers ?? []);
  const own = `${image.dockerfile}.dockerignore`;
  const ignoreFile = existsSync(own) ? own : join(image.context, '.dockerignore');
  const taken = stages.flatMap(({ steps }) => steps.flatMap(takenBy));
  return {
    image,
    observed,
    stages,
    taken,
    patterns: followLinks(
      image.context,
      taken.map(({ path }) => path),
    ),
    ignoreFile,
    ignore: existsSync(ignoreFile) ? readFileSync(ignoreFile, 'utf8') : '',
    bases,
  };
}

async function baseFacts({ engine }: Session, stages: readonly BuiltStage[]): Promise<Map<string, BaseFacts>> {
  const bases = new Set(stages.filter(({ parent, base }) => !parent && base !== '').map(({ base }) => base));
  const facts = new Map<string, BaseFacts>();
  for (const base of bases) {
    if (base === 'scratch') continue;
    const path = base.split('/').map(encodeURIComponent).join('/');
    const found = await engine.json<{ Config?: { User?: string; OnBuild?: string[] | null } }>(
      'GET',
      `/images/${path}/json`,
    );
    if (found) facts.set(base, { user: found.Config?.User ?? '', triggers: found.Config?.OnBuild ?? [] });
  }
  return facts;
}

/** A place for people: relative to the configuration, with its line counted from 1. */
export function placeIn({ config }: Session, file: string, line?: number): string {
  const path = relative(config.root, file) || basename(file);
  return line === undefined ? path : `${path}:${line + 1}`;
}
