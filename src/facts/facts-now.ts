import type { Stamp } from '../settings/image-facts.ts';
import type { DockerImage } from '../docker/engine.ts';
import type { Session } from '../session.ts';
import type { ImageFacts } from './image-facts.ts';
import type { ReadImage } from './read-facts.ts';

/** What is true about an image's sources now, and what the image says about itself. */
export interface ImageFactsNow extends ImageFacts {
  /** The values of its stamps, as they were when it was built. */
  carried: Record<string, string>;
}

/** An image as it was found. */
interface FoundImage extends ReadImage {
  found: DockerImage | undefined;
  record: { id: string | undefined; stamps?: Readonly<Record<string, string>> | undefined } | undefined;
}

/** @returns undefined for an image without stamps: then git is not asked */
export async function factsNow(
  session: Session,
  { found, record, ...own }: FoundImage,
  bases: readonly ReadImage[],
): Promise<ImageFactsNow | undefined> {
  const { stamps } = own.image;
  if (stamps.length === 0) return undefined;
  const { readFacts } = await import('./read-facts.ts');
  const recorded = record !== undefined && record.id === found?.id ? record.stamps : undefined;
  return { ...(await readFacts(session, own, bases)), carried: found ? carriedBy(found, stamps, recorded) : {} };
}

/** Variables and labels can be seen in the image; the rest is on record where it was built. */
export function carriedBy(
  { labels, env }: Pick<DockerImage, 'labels' | 'env'>,
  stamps: readonly Stamp[],
  recorded: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const valueOf = ({ name, as }: Stamp) => {
    if (as === 'label') return labels[name];
    if (as === 'env') return env.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1);
    return recorded[name];
  };
  return Object.fromEntries(
    stamps.flatMap((stamp) => {
      const value = valueOf(stamp);
      return value === undefined ? [] : [[stamp.name, value]];
    }),
  );
}
