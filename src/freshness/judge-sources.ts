import { chainIds } from '../containerd/chain-ids.ts';
import type { UsedSource } from '../docker/build-metadata.ts';
import type { DockerImage } from '../docker/engine.ts';
import { runtimeName } from '../docker/reference.ts';
import { platformArguments } from './platform-arguments.ts';

/** What the inputs of an image account for. */
export interface CountedSources {
  /** Base references with the image that counted; undefined if the engine had none. */
  bases: Readonly<Record<string, DockerImage | undefined>>;
  /** The references of stand-ins that BuildKit was told to use in place of bases. */
  standIns: readonly string[];
  /** Whether a URL is a named context or in the Dockerfile. */
  isUrlNamed: (url: string) => boolean;
  /** The engine's platform. An engine has only one platform of an image. */
  platform: string;
}

/**
 * Something that a build used and that its inputs do not account for. `uncounted`: the harness did
 * not know of it. `replaced`: the reference stood for another image than the one that counted.
 */
export interface SourceProblem {
  reference: string;
  kind: 'uncounted' | 'replaced';
}

/**
 * The label of an image whose build used something that did not count. It is the digest of no
 * inputs, so no checkout and no machine takes the image for fresh.
 */
export const NOT_KNOWN = 'not-known';

/**
 * Compares what BuildKit says that it used with what counted. It names only what it needed: no
 * stages that the target does not need, and nothing for `scratch`. Steps from the cache count.
 */
export function judgeSources(used: readonly UsedSource[], counted: CountedSources): SourceProblem[] {
  const names = new Map(
    [...Object.keys(counted.bases), ...counted.standIns].map((reference) => [runtimeName(reference), reference]),
  );
  const problems = used.flatMap((source): SourceProblem[] => {
    if (source.kind === 'url')
      return counted.isUrlNamed(source.reference) ? [] : [{ reference: source.reference, kind: 'uncounted' }];
    const name = names.get(source.reference);
    if (name === undefined) return [{ reference: source.reference, kind: 'uncounted' }];
    return isSame(source, counted.bases[name], counted.platform) ? [] : [{ reference: name, kind: 'replaced' }];
  });
  const keys = new Map(problems.map((problem) => [`${problem.kind} ${problem.reference}`, problem]));
  return [...keys.values()];
}

/**
 * Whether BuildKit used the image that counted, as far as can be told: it gets a base for a foreign
 * platform by itself, and a base that the engine lacked.
 */
function isSame({ digest, platform }: UsedSource, base: DockerImage | undefined, enginePlatform: string): boolean {
  if (base === undefined || digest === undefined) return true;
  if (platform !== undefined && normal(platform) !== normal(enginePlatform)) return true;
  return [base.id, base.manifest, ...base.repoDigests, chainIds(base.layers).at(-1)].includes(digest);
}

function normal(platform: string): string {
  return platformArguments('TARGET', platform)['TARGETPLATFORM'] as string;
}

/** Says what a build used. Continues a sentence about an image. */
export function describeProblem({ reference: fullName, kind }: SourceProblem): string {
  const reference = fullName.replace(/^docker\.io\/(library\/)?/, '');
  return kind === 'uncounted'
    ? `BuildKit used ${reference}, which the harness did not count`
    : `BuildKit used another ${reference} than the one that the harness counted`;
}
