import { mkdir, readdir, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isAtLeast } from '../core/version.ts';
import { findOnPath } from '../machine/executable.ts';
import { run, tryRun } from '../machine/process.ts';
import { OTHER_WAYS } from './failure.ts';
import { installPackages, observeHostSystem, type InstallOptions } from './host.ts';
import { nodeImageDirectory } from './recipe.ts';
import { versions } from './versions.ts';

/** A Go module, and the programs to compile from it. */
interface GoModule {
  directory: string;
  programs: readonly string[];
  ldflags: readonly string[];
}

const [major, minor] = versions.kubernetes.slice(1).split('.');
const stamp = 'k8s.io/component-base/version';

/**
 * Two modules, because the storage provisioner's dependencies conflict with the others. They share
 * Go's build cache.
 */
const nodeModules: readonly GoModule[] = [
  {
    directory: join(nodeImageDirectory, 'components'),
    programs: ['./kube', './coredns', './etcd', './pause', 'sigs.k8s.io/cri-tools/cmd/crictl'],
    ldflags: [
      `-X ${stamp}.gitVersion=${versions.kubernetes}`,
      `-X ${stamp}.gitMajor=${major}`,
      `-X ${stamp}.gitMinor=${minor}`,
    ],
  },
  {
    directory: join(nodeImageDirectory, 'storage'),
    programs: ['github.com/rancher/local-path-provisioner'],
    ldflags: [],
  },
];

export interface CompileOptions {
  go: string;
  /** The directory for the programs. It never contains incomplete programs. */
  output: string;
  progress: (detail: string) => void;
  signal?: AbortSignal | undefined;
}

/**
 * Finds the `go` command on the PATH or in the usual places. If there is none, installs Debian's
 * package if possible.
 * @throws HarnessError NODE_IMAGE with what to install.
 */
export async function findGo(env: NodeJS.ProcessEnv, options: Omit<InstallOptions, 'env'>): Promise<string> {
  for (const go of findOnPath('go', env, ['/usr/local/go/bin', versions.go.directory])) {
    if (isNewEnough((await tryRun([go, 'version'], { timeout: 60_000, signal: options.signal })).stdout)) return go;
  }
  const host = await observeHostSystem();
  options.progress(`installing the package ${versions.go.package}`);
  await installPackages(host, [versions.go.package], { ...options, env, suite: versions.programSuite });
  return join(versions.go.directory, 'go');
}

/** Whether a `go version` line names a Go that can fetch the version that the modules need. */
export function isNewEnough(line: string): boolean {
  return isAtLeast(/\bgo(\d+\.\d+)/.exec(line)?.[1], versions.go.atLeast.join('.'));
}

/**
 * Compiles all programs of the node image. This takes about seven minutes on two cores the first
 * time, and seconds with Go's build cache.
 * @throws HarnessError NODE_IMAGE with the compiler's last lines, INTERRUPTED.
 */
export async function compilePrograms(options: CompileOptions): Promise<void> {
  for (const module of nodeModules) await compileModule(module, options);
}

/**
 * Compiles the programs of one module.
 * @throws HarnessError NODE_IMAGE with the compiler's last lines, INTERRUPTED.
 */
export async function compileModule(
  { directory: cwd, programs, ldflags }: GoModule,
  options: CompileOptions,
): Promise<void> {
  const { go, output, progress, signal } = options;
  const common = {
    // CGO is off because the programs run in a file system with another libc, or none.
    env: { CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' },
    code: 'NODE_IMAGE' as const,
    next: `Check that this machine can reach a Go module proxy: \`go env GOPROXY\`. ${OTHER_WAYS}`,
    signal,
  };
  const name = basename(cwd);
  let fetched = 0;
  const onFetch = (line: string) => {
    if (line.startsWith('go: downloading')) progress(`fetched ${++fetched} modules`);
  };
  const packages = await run([go, 'list', '-deps', '-trimpath', ...programs], { ...common, cwd, onLine: onFetch });
  const total = packages.stdout.split('\n').length;
  const partial = `${output}.partial`;
  await mkdir(output, { recursive: true });
  await mkdir(partial, { recursive: true });
  let compiled = 0;
  const onLine = (line: string) => {
    if (/^[\w.~-]+(\/[\w.~-]+)*$/.test(line)) progress(`compiled ${++compiled} packages of at most ${total} (${name})`);
    else onFetch(line);
  };
  progress(`compiling (${name})`);
  const flags = `-ldflags=${['-s', '-w', ...ldflags].join(' ')}`;
  await run([go, 'build', '-v', '-trimpath', '-buildvcs=false', flags, '-o', `${partial}/`, ...programs], {
    ...common,
    cwd,
    onLine,
  });
  for (const program of await readdir(partial)) await rename(join(partial, program), join(output, program));
}
