import type { Config, ImageConfig, NamedContext } from '../config/config.ts';
import { imageOwner, type Owner } from '../config/judge-owner.ts';
import { HarnessError } from '../core/error.ts';
import { LABELS } from '../core/labels.ts';
import type { BuildRequest } from '../docker/buildx.ts';
import { decideArguments } from '../docker/decide-arguments.ts';
import type { StampValues } from '../facts/stamp-values.ts';
import { CONTEXT } from '../freshness/inputs.ts';
import type { ObservedInputs, SourceReader } from '../freshness/read-inputs.ts';
import { sshArgument } from '../settings/step-settings.ts';
import type { BuildStory } from './build-record.ts';
import type { SentContext } from './context-link.ts';
import type { TakenSecrets } from './take-secrets.ts';

/** The build of one image whose bases are ready. */
export interface ImageBuild {
  config: Config;
  image: ImageConfig;
  sources: SourceReader;
  /** Base references with their ids, see `Inputs.bases`. */
  bases: Readonly<Record<string, string>>;
  /** Named contexts for bases that are replaced by a stand-in. */
  standIns: Readonly<Record<string, string>>;
  /** The facts to put into the image, for its inputs as they were read. */
  stamp: (read: ObservedInputs) => Promise<StampValues>;
  /** The name of the rebuild that this is; undefined if results of earlier builds may be used. */
  rebuild: string | undefined;
  env: NodeJS.ProcessEnv;
  /** Whose image it is, for its label. */
  owner: Owner;
  /** Why it is built; recorded for `harness why`. */
  why: Pick<BuildStory, 'reason' | 'changes'>;
  /** Told to the user at once. */
  warn: (message: string) => void;
  signal?: AbortSignal | undefined;
  onLine?: ((line: string) => void) | undefined;
}

/** What is known once the sources of a build have been read. */
export interface ReadyBuild {
  read: ObservedInputs;
  /** The value of the image's inputs label: the inputs digest, or `NOT_KNOWN`. */
  label: string;
  stamps: StampValues;
  /** The Dockerfile that BuildKit gets. */
  dockerfile: string;
  contexts: Readonly<Record<string, SentContext>>;
  secrets: TakenSecrets;
}

/** The parameters of a build for Docker's client. */
export function requestFor(
  order: ImageBuild,
  { read, label, stamps, dockerfile, contexts, secrets }: ReadyBuild,
): Omit<BuildRequest, 'extraHosts' | 'noCache'> {
  const { config, image, env } = order;
  const { args, argsFromEnvironment, platforms, arePlatformsGiven } = read.options;
  const passed = decideArguments(args, argsFromEnvironment, env);
  if (passed.refused.length > 0) throw refusedArguments(image, passed.refused);
  return {
    context: contexts[CONTEXT]?.path ?? image.context,
    contextSource: image.context,
    dockerfile,
    source: image.dockerfile,
    reference: image.reference,
    target: image.target,
    buildArgs: { ...passed.shown, ...stamps.args },
    hiddenArgs: passed.hidden,
    platforms: arePlatformsGiven ? platforms : [],
    secrets: secrets.secrets,
    network: image.network,
    hosts: image.extraHosts,
    shmSize: image.shmSize,
    ssh: image.ssh.map(sshArgument),
    labels: {
      ...image.labels,
      ...stamps.labels,
      [LABELS.inputs]: label,
      [LABELS.project]: config.project,
      [LABELS.image]: image.name,
      [LABELS.owner]: JSON.stringify(imageOwner(order.owner)),
    },
    metadataFile: metadataFile(dockerfile),
    contexts: { ...namedContexts(image, contexts), ...order.standIns },
    // Git labels would make a new image for each commit, and a source policy would make another
    // image from the same sources.
    env: { ...env, ...secrets.env, BUILDX_GIT_LABELS: undefined, EXPERIMENTAL_BUILDKIT_SOURCE_POLICY: undefined },
    signal: order.signal,
    onLine: order.onLine,
  };
}

function refusedArguments({ name }: ImageConfig, refused: readonly string[]): HarnessError {
  const names = refused.map((each) => `\`${each}\``).join(', ');
  const message = `Image ${name} cannot be built: Docker's client itself reads ${names}, so this build argument cannot take another value from a variable.`;
  return new HarnessError('BUILD', message, {
    next: `Use another name in \`images.${name}.buildArgs\` and in the Dockerfile, or set the variable of that name.`,
  });
}

function namedContexts({ contexts }: ImageConfig, sent: Readonly<Record<string, SentContext>>): Record<string, string> {
  const argument = (name: string, context: NamedContext) => {
    if ('directory' in context) return sent[name]?.path ?? context.directory;
    return 'image' in context ? `docker-image://${context.image}` : context.url;
  };
  return Object.fromEntries(Object.entries(contexts).map(([name, context]) => [name, argument(name, context)]));
}

/** Where BuildKit reports on the build of that Dockerfile. */
export function metadataFile(dockerfile: string): string {
  return `${dockerfile}.metadata.json`;
}
