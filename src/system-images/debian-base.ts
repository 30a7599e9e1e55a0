import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KEYRING, sourceStanza, type DebianMirror } from '../apt/mirror.ts';
import { parseOneLine } from '../apt/sources.ts';
import { HarnessError } from '../core/error.ts';
import type { Emit } from '../core/event.ts';
import { RECIPE_LABEL } from '../core/labels.ts';
import { step } from '../core/step.ts';
import type { DockerEngine } from '../docker/engine.ts';
import { run } from '../machine/process.ts';
import { nodeImageFailure, OTHER_WAYS } from './failure.ts';
import { installPackages, mirrorFor, observeHostSystem, type Host } from './host.ts';
import { makeInTurn } from './in-turn.ts';
import { debianDirectory, directoriesDigest } from './recipe.ts';
import { openWorkDirectory } from './work-directory.ts';

export interface DebianBase {
  /** `kind-harness/debian:<suite>`. */
  reference: string;
  /** The engine's id of the image. */
  id: string;
  how: 'present' | 'built';
}

export interface DebianBaseOptions {
  emit: Emit;
  env: NodeJS.ProcessEnv;
  signal?: AbortSignal | undefined;
  /** Build the image even if it exists. */
  rebuild?: boolean;
}

/**
 * Provides a small Debian image built from packages alone. It replaces `debian:<suite>-slim` when
 * no registry can be reached. Its apt uses the same mirror as this machine. The image is labelled
 * with the digest of its recipe, so a second call needs only one request to Docker.
 * @throws HarnessError NODE_IMAGE when it cannot be built (this needs root on Debian or Ubuntu),
 * DISK_FULL, INTERRUPTED.
 */
export function ensureDebianBase(engine: DockerEngine, suite: string, options: DebianBaseOptions): Promise<DebianBase> {
  // The node image and the user's images may need it at the same time, but the package manager
  // allows one process at a time.
  const pending = running.get(suite) ?? presentOrBuilt(engine, suite, options).finally(() => running.delete(suite));
  running.set(suite, pending);
  return pending;
}

/** Builds in progress, by suite. */
const running = new Map<string, Promise<DebianBase>>();

async function presentOrBuilt(engine: DockerEngine, suite: string, options: DebianBaseOptions): Promise<DebianBase> {
  const reference = `kind-harness/debian:${suite}`;
  return await step<DebianBase>(options.emit, `debian/${suite}`, `Debian image ${reference}`, async ({ progress }) => {
    const host = await observeHostSystem();
    const mirror = mirrorFor(host, suite);
    const digest = directoriesDigest([debianDirectory], { suite, mirror, apt: host.aptSettings });
    const look = async (): Promise<DebianBase | undefined> => {
      const present = options.rebuild ? undefined : await engine.image(reference);
      return present?.labels[RECIPE_LABEL] === digest ? { reference, id: present.id, how: 'present' } : undefined;
    };
    const present = await look();
    if (present) return { title: `Debian image ${reference} is present`, skipped: true, value: present };
    const make = () => buildBase(engine, { host, suite, mirror, digest, reference, progress, ...options });
    const value = await makeInTurn({ ...options, engine, kind: `debian-${suite}`, look, make, progress });
    return { title: `Debian image ${reference} built`, value };
  });
}

interface BaseBuild extends DebianBaseOptions {
  host: Host;
  suite: string;
  mirror: DebianMirror;
  digest: string;
  reference: string;
  progress: (detail: string) => void;
}

async function buildBase(engine: DockerEngine, options: BaseBuild): Promise<DebianBase> {
  const { host, suite, mirror, digest, reference, progress } = options;
  try {
    await using work = openWorkDirectory(options.env, 'debian', digest);
    const root = join(work.path, 'root');
    await debootstrap(host, suite, mirror, root, options);
    await configureApt(root, mirror, host.aptSettings);
    progress('importing into Docker');
    await importTree(engine, root, reference, `LABEL ${RECIPE_LABEL}=${digest}\nCMD ["bash"]`, options.signal);
  } catch (error) {
    throw nodeImageFailure(error, `Could not build the Debian image ${reference}`);
  }
  const built = await engine.image(reference);
  if (!built) throw new HarnessError('NODE_IMAGE', `Docker imported ${reference}, but does not list it.`);
  return { reference, id: built.id, how: 'built' };
}

async function debootstrap(
  host: Host,
  suite: string,
  mirror: DebianMirror,
  root: string,
  options: DebianBaseOptions & { progress: (detail: string) => void },
): Promise<void> {
  const { env, emit, progress, signal } = options;
  if (!host.root) {
    throw new HarnessError('NODE_IMAGE', 'Building a Debian file system requires root.', {
      next: `Run the command once with sudo. Later runs use the finished image and need no root. ${OTHER_WAYS}`,
    });
  }
  if (!existsSync('/usr/sbin/debootstrap') || !existsSync(KEYRING)) {
    progress('installing debootstrap');
    await installPackages(host, ['debootstrap', 'debian-archive-keyring'], { env, emit, progress, signal });
  }
  await run(
    // In its own namespaces, so that its mounts and child processes always end with it.
    [
      'unshare',
      '--mount',
      '--pid',
      '--fork',
      '--kill-child',
      'debootstrap',
      '--variant=minbase',
      '--include=ca-certificates',
    ].concat(suite, root, mirror.uri ?? []) as [string, ...string[]],
    {
      code: 'NODE_IMAGE',
      next: `Check that this machine can reach its Debian mirror: \`apt-get update\`. ${OTHER_WAYS}`,
      onLine: (line) => progress(line.replace(/^[IW]: /, '')),
      signal,
    },
  );
}

/** Configures apt's sources and settings, and a small size, which debootstrap does not do. */
async function configureApt(root: string, mirror: DebianMirror, aptSettings: string): Promise<void> {
  const list = join(root, 'etc/apt/sources.list');
  const original = parseOneLine(await readFile(list, 'utf8'))[0];
  const sources = mirror.sources ?? (original && sourceStanza(original.uris[0] ?? '', original.suites[0] ?? ''));
  if (sources) {
    await writeFile(join(root, 'etc/apt/sources.list.d/debian.sources'), sources);
    await rm(list);
  }
  if (aptSettings) await writeFile(join(root, 'etc/apt/apt.conf.d/as-on-the-host'), `${aptSettings}\n`);
  await copyFile(join(debianDirectory, 'apt.conf'), join(root, 'etc/apt/apt.conf.d/container'));
  await mkdir(join(root, 'etc/dpkg/dpkg.cfg.d'), { recursive: true });
  await copyFile(join(debianDirectory, 'dpkg.cfg'), join(root, 'etc/dpkg/dpkg.cfg.d/container'));
}

/**
 * Streams a directory into an image with one layer.
 * @param changes Dockerfile instructions to apply
 */
async function importTree(
  engine: DockerEngine,
  root: string,
  reference: string,
  changes: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const [repo, tag] = reference.split(':') as [string, string];
  const tar = spawn(
    'tar',
    ['-C', root, `--exclude-from=${join(debianDirectory, 'leave-out.txt')}`, '--numeric-owner', '-c', '.'],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
    },
  );
  let errorOutput = '';
  tar.stderr.on('data', (data: Buffer) => (errorOutput += data.toString()));
  const ended = new Promise<void>((resolve, reject) => {
    tar.on('error', reject);
    tar.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`tar failed: ${errorOutput.trim()}`))));
  });
  const imported = engine.api
    .importImage(tar.stdout, { repo, tag, changes, ...(signal ? { abortSignal: signal } : {}) })
    .then((response) => waitForImport(engine, response));
  const [packing, importing] = await Promise.allSettled([ended, imported]);
  if (signal?.aborted) throw new HarnessError('INTERRUPTED', `Importing ${reference} was interrupted.`);
  if (packing.status === 'rejected') throw packing.reason;
  if (importing.status === 'rejected') throw importing.reason;
}

function waitForImport(engine: DockerEngine, stream: NodeJS.ReadableStream): Promise<void> {
  return new Promise((resolve, reject) => {
    engine.api.modem.followProgress(stream, (error, events: { error?: string }[]) => {
      const failure = error ?? events.find((event) => event.error)?.error;
      if (failure) reject(failure instanceof Error ? failure : new Error(failure));
      else resolve();
    });
  });
}
