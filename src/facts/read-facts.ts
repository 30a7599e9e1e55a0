import { join } from 'node:path';
import type { ImageConfig } from '../config/config.ts';
import { oncePer } from '../core/once-per.ts';
import type { ObservedInputs } from '../freshness/read-inputs.ts';
import { keep, recall } from '../machine/remembered-answer.ts';
import type { Session } from '../session.ts';
import { allCounted, countedPaths } from './counted-paths.ts';
import { dirtyFiles } from './dirty-files.ts';
import { checkoutOf, type Checkout, type Git } from './git.ts';
import { UNKNOWN, unknownFacts, type ImageFacts } from './image-facts.ts';
import { lastChange } from './last-change.ts';

/** An image and its inputs as they were read. */
export interface ReadImage {
  image: ImageConfig;
  observed: ObservedInputs;
}

/** What is checked out; git is asked once in a run. */
const checkout = oncePer<Session, Promise<Checkout | string>>(({ config, env, signal }) =>
  checkoutOf(config.root, env, signal),
);

/** The facts that are the same for all images. */
const shared = oncePer<Checkout, Promise<Pick<ImageFacts, 'version' | 'branch' | 'source'>>>(async ({ git }) => {
  const [version, branch, source] = await Promise.all([
    say(git, 'describe', '--tags', '--always'),
    say(git, 'symbolic-ref', '--quiet', '--short', 'HEAD'),
    say(git, 'config', '--get', 'remote.origin.url'),
  ]);
  return { version, branch, source: withoutCredentials(source) };
});

/** Increase this when the meaning of what is remembered changes. */
const FORMAT = 1;

/**
 * The facts about an image as its files are now. What they depend on is remembered for each commit
 * and set of inputs, so git reads a history once.
 * @param bases the configured images that it is built from, and theirs: their files are its files
 */
export async function readFacts(session: Session, own: ReadImage, bases: readonly ReadImage[]): Promise<ImageFacts> {
  const found = await checkout(session);
  if (typeof found === 'string') return unknownFacts(found);
  try {
    const commit = await commitOf(session, found, [own, ...bases]);
    if (commit === undefined) return unknownFacts(whyUnknown(found));
    return { ...commit, ...(await shared(found)) };
  } catch {
    session.signal.throwIfAborted();
    return unknownFacts('git could not read the history');
  }
}

function whyUnknown({ isShallow }: Checkout): string {
  return isShallow ? 'the clone is shallow, and the history ends before the last change' : 'no commit has its files';
}

type CommitFacts = Pick<ImageFacts, 'commit' | 'commitTime' | 'dirty'>;

async function commitOf(
  { config }: Session,
  found: Checkout,
  images: readonly ReadImage[],
): Promise<CommitFacts | undefined> {
  const { top, head, isShallow } = found;
  const inputs = images.map(({ image, observed }) => [image.context, image.dockerfile, image.sources, observed.digest]);
  const question = [FORMAT, top, head, isShallow, inputs];
  const path = join(config.stateDirectory, 'facts', `${images[0]?.image.name}.json`);
  const known = recall<CommitFacts>(path, question);
  if (known) return known;
  const counted = allCounted(images.map(({ image, observed }) => countedPaths(top, image, observed)));
  const [last, dirty] = await Promise.all([lastChange(found, counted.counts), dirtyFiles(found, counted)]);
  if (last === undefined) return undefined;
  const commitTime = new Date(last.time * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
  const facts = { commit: last.commit, commitTime, dirty };
  keep(path, question, facts);
  return facts;
}

async function say(git: Git, ...args: string[]): Promise<string> {
  const { exitCode, stdout } = await git(...args);
  return (exitCode === 0 && stdout.trim()) || UNKNOWN;
}

/** A URL may contain a password or a token. The user of an ssh address is part of it. */
function withoutCredentials(url: string): string {
  return url.replace(/^(\w[\w+.-]*:\/\/)([^/@]*)@/, (_, scheme: string, credentials: string) =>
    scheme.startsWith('ssh') && !credentials.includes(':') ? `${scheme}${credentials}@` : scheme,
  );
}
