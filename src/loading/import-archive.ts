import { Transform, type Readable } from 'node:stream';
import { dropBroken } from '../containerd/images.ts';
import { RESTART_NODES, seeContainerdLog } from '../containerd/see-log.ts';
import { HarnessError } from '../core/error.ts';
import { seconds } from '../core/words.ts';
import type { DockerEngine } from '../docker/engine.ts';
import { tryExec, type ExecResult } from '../docker/exec.ts';
import { diskFullOr, saysDiskFull } from '../machine/disk-full.ts';
import { tail } from '../machine/process.ts';
import { watchForStall } from '../machine/stall.ts';
import { ArchivedImages, type ArchivedImage } from './archived-images.ts';
import type { LoadRequest, TransferResult } from './transport.ts';

/** `--local`, because an import through containerd's transfer service takes twice as long. */
const IMPORT = ['ctr', '--namespace=k8s.io', 'images', 'import', '--local', '-'];

/** How the stream of an archive into a node ended. */
interface StreamEnd {
  result: ExecResult;
  content: ArchivedImages;
  bytes: number;
  isStalled: boolean;
}

/**
 * Imports an archive of images into one node.
 * @returns a result for each image
 * @throws HarnessError LOAD, DISK_FULL
 */
export async function importArchive(
  engine: DockerEngine,
  archive: Readable,
  requests: readonly LoadRequest[],
  node: string,
  stalledAfter: number,
): Promise<TransferResult[]> {
  const end = await streamInto(engine, archive, node, stalledAfter);
  if (end.result.exitCode !== 0) throw await importError(engine, end, requests, node, stalledAfter);
  const images = requests.map(({ name }) => end.content.find(name));
  const shares = sharesOf(end.bytes, images);
  const digests = await Promise.all(requests.map((request, at) => archivedDigest(engine, request, images[at])));
  return shares.map((share, at) => ({ ...share, digest: digests[at] }));
}

async function streamInto(
  engine: DockerEngine,
  archive: Readable,
  node: string,
  stalledAfter: number,
): Promise<StreamEnd> {
  const stall = watchForStall(stalledAfter);
  const content = new ArchivedImages();
  let bytes = 0;
  // A listener for `data` would start the stream before the node reads from it.
  const counter = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      bytes += chunk.length;
      content.see(chunk);
      stall.progress();
      done(null, chunk);
    },
  });
  archive.on('error', (error) => counter.destroy(error));
  try {
    const result = await tryExec(engine, node, IMPORT, { stdin: archive.pipe(counter), signal: stall.signal });
    return { result, content, bytes, isStalled: stall.signal.aborted };
  } finally {
    stall.end();
    // A node that cannot read, or stops before the padding at the end, must not block the others.
    archive.destroy();
  }
}

async function importError(
  engine: DockerEngine,
  { result, isStalled }: StreamEnd,
  requests: readonly LoadRequest[],
  node: string,
  stalledAfter: number,
): Promise<HarnessError> {
  const references = requests.map(({ reference }) => reference).join(', ');
  if (isStalled) {
    const message = `Loading ${references} into ${node} made no progress for ${seconds(stalledAfter)}.`;
    return new HarnessError('LOAD', message, { next: `${seeContainerdLog(node)} ${RESTART_NODES}` });
  }
  const output = `${result.stdout}\n${result.stderr}`.trim();
  if (saysDiskFull(output)) await dropAllBroken(engine, node, requests).catch(() => undefined);
  return diskFullOr('LOAD', output, {
    message: `Could not import ${references} into node ${node}.`,
    whenFull: `Node ${node} is out of disk space while loading ${references}.`,
    detail: tail(output),
    next: seeContainerdLog(node),
  });
}

/**
 * Each image's share of an archive. Files that several images have count for the first of them. The
 * archive's own overhead counts for the first image, so that the shares add up to the whole.
 */
export function sharesOf(
  bytes: number,
  images: readonly (ArchivedImage | undefined)[],
): Pick<TransferResult, 'bytes' | 'total'>[] {
  const counted = new Set<string>();
  const sum = (sizes: Iterable<number>) => [...sizes].reduce((all, size) => all + size, 0);
  const shares = images.map((image) => {
    const files = [...(image?.files ?? [])];
    const own = sum(files.map(([path, size]) => (counted.has(path) ? 0 : size)));
    files.forEach(([path]) => counted.add(path));
    return { bytes: own, total: sum(files.map(([, size]) => size)) };
  });
  const overhead = bytes - sum(shares.map((share) => share.bytes));
  return shares.map((share, at) =>
    at === 0 ? { bytes: share.bytes + overhead, total: share.total + overhead } : share,
  );
}

/**
 * The digest of an archived image; undefined if the archive may hold another image: Docker saves
 * what the name means at that moment.
 */
async function archivedDigest(
  engine: DockerEngine,
  { reference, image }: LoadRequest,
  archived: ArchivedImage | undefined,
): Promise<string | undefined> {
  const isSame = image.inContainerd && archived && (await engine.image(reference))?.id === image.id;
  return isSame ? archived.digest : undefined;
}

/**
 * Removes what a failed import has left: as much data as the images, which containerd keeps as long
 * as it lists them. It stays if there is not even enough space for its removal.
 */
async function dropAllBroken(engine: DockerEngine, node: string, requests: readonly LoadRequest[]): Promise<void> {
  for (const { name, image } of requests)
    await dropBroken(engine, { node, name, digest: image.id, layers: image.layers });
}
