import type { DockerEngine, DockerImage } from '../docker/engine.ts';
import { judgeSources, type SourceProblem } from '../freshness/judge-sources.ts';
import type { ObservedInputs } from '../freshness/read-inputs.ts';
import { urlsNamedBy } from '../freshness/remote-sources.ts';
import type { ImageBuild } from './build-request.ts';
import type { FinishedBuild } from './confirm-build.ts';

const IMAGE_REFERENCE = /^docker-image:\/\//;

/**
 * What BuildKit used in a build although it does not count among the image's inputs. Then our reading
 * of the Dockerfile is wrong, or an image changed its name during the build.
 */
export async function findProblems(
  engine: DockerEngine,
  { image, bases, standIns }: Pick<ImageBuild, 'image' | 'bases' | 'standIns'>,
  { sources, read }: Pick<FinishedBuild, 'sources'> & { read: Pick<ObservedInputs, 'dockerfile'> },
): Promise<SourceProblem[]> {
  if (sources === undefined || sources.length === 0) return [];
  const counted: Record<string, DockerImage | undefined> = {};
  for (const [reference, id] of Object.entries(bases))
    counted[reference] = id.startsWith('sha256:') ? await engine.image(id) : undefined;
  const triggers = Object.values(counted).flatMap((base) => base?.onBuild ?? []);
  return judgeSources(sources, {
    bases: counted,
    standIns: Object.values(standIns).map((standIn) => standIn.replace(IMAGE_REFERENCE, '')),
    isUrlNamed: urlsNamedBy(read.dockerfile.toString('utf8'), image.contexts, triggers),
    platform: await engine.platform(),
  });
}
