import { readFileSync } from 'node:fs';
import { ifPresent } from '../machine/if-present.ts';
import { canonicalName } from './reference.ts';

/** An image or a URL that BuildKit used in a build. Directories of the user are none. */
export interface UsedSource {
  /** The full name of an image, or a URL. */
  reference: string;
  kind: 'image' | 'url';
  /**
   * What the reference stood for. For an image of an overlay2 store it is the chain id of its
   * layers, otherwise the digest of its manifest or index.
   */
  digest: string | undefined;
  /** An image's platform, such as `linux/amd64`. */
  platform: string | undefined;
}

/** What BuildKit reports about a build. */
export interface BuildMetadata {
  /** The digests of the image. Which one the engine uses depends on its store. */
  digests: string[];
  /** Undefined if BuildKit does not tell, because it is older than version 0.14 of buildx. */
  sources: UsedSource[] | undefined;
}

/** The sources in a provenance, version 0.2 and version 1 of SLSA. */
interface Provenance {
  materials?: Material[] | null;
  buildDefinition?: { resolvedDependencies?: Material[] | null } | null;
  buildType?: string;
}

interface Material {
  uri?: string;
  digest?: Record<string, string> | null;
}

/** The file that `buildx build --metadata-file` wrote. A build that failed wrote none. */
export function readBuildMetadata(path: string): BuildMetadata {
  const text = ifPresent(() => readFileSync(path, 'utf8'));
  return parseBuildMetadata(text === undefined ? {} : (JSON.parse(text) as Record<string, unknown>));
}

const PROVENANCE = 'buildx.build.provenance';

/** Reads the content of that file. For several platforms, there is one provenance for each. */
export function parseBuildMetadata(metadata: Readonly<Record<string, unknown>>): BuildMetadata {
  const digests = ['containerimage.digest', 'containerimage.config.digest']
    .map((key) => metadata[key])
    .filter((digest) => typeof digest === 'string');
  const provenances = Object.keys(metadata)
    .filter((key) => key === PROVENANCE || key.startsWith(`${PROVENANCE}/`))
    .map((key) => metadata[key] as Provenance);
  const materials = provenances.flatMap(
    ({ materials: list, buildDefinition }) => list ?? buildDefinition?.resolvedDependencies ?? [],
  );
  return { digests, sources: provenances.length === 0 ? undefined : materials.flatMap(toSource) };
}

function toSource({ uri = '', digest }: Material): UsedSource[] {
  const [algorithm, value] = Object.entries(digest ?? {})[0] ?? [];
  const resolved = algorithm === undefined ? undefined : `${algorithm}:${value}`;
  if (!uri.startsWith('pkg:')) return [{ reference: uri, kind: 'url', digest: resolved, platform: undefined }];
  return [{ ...parsePackage(uri), kind: 'image', digest: resolved }];
}

/**
 * An image as a package URL: `pkg:docker/localhost:5000/app@1?platform=linux%2Famd64`. A digest that
 * was part of the reference is among the qualifiers. Source: util/purl of github.com/moby/buildkit.
 */
function parsePackage(uri: string): Pick<UsedSource, 'reference' | 'platform'> {
  const [, path = '', version, query] = /^pkg:[^/]+\/([^@?]*)(?:@([^?]*))?(?:\?(.*))?$/.exec(uri) ?? [];
  const qualifiers = new URLSearchParams(query ?? '');
  const digest = qualifiers.get('digest');
  const tag = version === undefined ? '' : `:${decodeURIComponent(version)}`;
  const written = `${decodeURIComponent(path)}${tag}${digest === null ? '' : `@${digest}`}`;
  return { reference: canonicalName(written) ?? uri, platform: qualifiers.get('platform') ?? undefined };
}
