import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { LABELS } from '../../src/core/labels.ts';
import { DockerEngine } from '../../src/docker/engine.ts';
import { createPassword } from '../../src/registry/credential.ts';
import { startProgram, type Run, type Running } from './support/command.ts';
import { killRounds } from './support/kill-rounds.ts';
import { onlyPod } from './support/pods.ts';
import { program } from './support/program.ts';
import { suite, type Project } from './support/suite.ts';
import { docker, dockerLines, eventually } from './support/tools.ts';

/** Kills and full disks during a load: the next run repairs everything. */
const all = suite('kills');
const node = `${all.name}-control-plane`;
const registry = `${all.name}-registry`;
const MB = 1_000_000;

const inNode = (...argv: string[]) => docker('exec', node, ...argv);

/** The ids of all images in the node; crictl lists them in any order. */
const imagesInNode = async () => (await inNode('crictl', 'images', '--quiet', '--no-trunc')).split('\n').sort();

/** Builds an image that takes a second or more to push, to pull and to import. */
async function built(name: string): Promise<Project> {
  const project = all.project(name);
  project.write('app/Dockerfile', 'FROM scratch\nCOPY weight /\nCOPY program /program\nENTRYPOINT ["/program"]\n');
  project.write('app/weight', randomBytes(200 * MB));
  project.write('app/program', program(name));
  await project.must('build-if-needed');
  return project;
}

/** The names that a project's image has in Docker only during a push. */
async function temporaryNames({ reference }: Project): Promise<string[]> {
  const id = await docker('image', 'inspect', '--format', '{{.Id}}', reference);
  const names = await dockerLines('images', '--format', '{{.Repository}}:{{.Tag}}', '127.0.0.1:*/kind-harness');
  return names.filter((name) => id.endsWith(name.replace(/.*:/, '')));
}

/** Starts a load and waits until Docker pushes. */
async function pushing(project: Project): Promise<Running> {
  const running = project.start('test-cached');
  const named = until(async () => (await temporaryNames(project)).length > 0);
  await Promise.race([named, running.ended.then(() => Promise.reject(new Error('It ended before a push was seen.')))]);
  return running;
}

/** Starts a load and waits until it is under way. */
async function untilSeen(project: Project, seen: Promise<unknown>): Promise<Running> {
  const running = project.start('test-cached');
  await Promise.race([
    seen,
    running.ended.then(() => Promise.reject(new Error('It ended before the load was seen under way.'))),
  ]);
  return running;
}

/** Lets the registry use a share of one core; undefined: all that there is. */
const limitRegistry = (share?: number) =>
  docker('update', '--cpu-period=100000', `--cpu-quota=${share === undefined ? -1 : share * 100_000}`, registry);

/**
 * Starts a load and waits until the node fetches a layer. The registry is so slow then that this takes
 * ten seconds: whatever a test does meanwhile happens during the pull.
 */
async function pulling(project: Project): Promise<Running> {
  await project.must('load-if-needed'); // so that only the pull is slow, and not the push before it
  await inNode('crictl', 'rmi', `docker.io/${project.reference}`);
  await limitRegistry(0.05);
  // The loop runs in the node: a `docker exec` for each check would take too long.
  return untilSeen(
    project,
    inNode('timeout', '60', 'sh', '-c', 'until ctr -n k8s.io content active | grep -q layer; do sleep 0.02; done'),
  );
}

/**
 * A program that prints `seen` once one of these files is partly written. Files left by an earlier
 * load do not count.
 */
const untilPart = (files: string) => {
  const find = `find ${files} -size +1M -newermt '1 second ago' 2>/dev/null | grep -q .`;
  return ['timeout', '60', 'sh', '-c', `until ${find}; do sleep 0.02; done; echo seen`] as const;
};

/**
 * Starts a load and waits until the registry has received a part of a layer. It stores parts
 * separately until the layer is complete.
 */
async function uploading(project: Project): Promise<Running> {
  const image = await docker('inspect', '--format', '{{.Image}}', node); // the registry has no shell
  const [program, ...args] = untilPart('/var/lib/registry/docker/registry/v2/repositories/*/_uploads/*/data');
  const options = ['--rm', '--volumes-from', registry, '--entrypoint', program];
  const watcher = startProgram(all.directory, ['run', ...options, image, ...args], { program: ['docker'] });
  // Not until the container is removed: by then, the push might have ended.
  return untilSeen(project, watcher.prints(/seen/));
}

/** Starts a load as an archive and waits until the node has received a part of a layer. */
function importing(project: Project): Promise<Running> {
  project.configure({ load: { transport: 'archive' } });
  return untilSeen(project, inNode(...untilPart('/var/lib/containerd/io.containerd.content.v1.content/ingest/*/data')));
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds()));
}

/** A run after the failure: everything runs as it was built, and nothing temporary is left. */
async function passes(project: Project): Promise<Run> {
  const next = await project.must('test-cached');
  expect(next.summary).toMatchObject({ builds: [{ verdict: 'fresh' }], tests: { passed: 1, failed: 0 } });
  expect((await onlyPod(project.kubeconfig, project.namespace)).log).toBe(project.namespace);
  expect(await temporaryNames(project)).toEqual([]);
  expect(await inNode('ctr', '--namespace=k8s.io', 'images', 'ls', '-q')).not.toContain('kind-harness-registry');
  expect((await project.must('load-if-needed')).summary.loads).toMatchObject([{ verdict: 'present' }]);
  return next;
}

beforeAll(async () => {
  await all.project('first').must('up');
});

describe('the harness, killed', () => {
  it('during a push', async () => {
    const project = await built('harness-push');
    const { child, ended } = await pushing(project);
    child.kill('SIGKILL');
    await ended;
    expect(await temporaryNames(project)).toHaveLength(1);
    await passes(project);
  });

  it('during a pull', async () => {
    const project = await built('harness-pull');
    const { child, ended } = await pulling(project);
    child.kill('SIGKILL');
    await ended;
    await limitRegistry();
    await passes(project);
  });

  it('without another run: `prune` removes the name that its push left', async () => {
    const project = await built('harness-gone');
    const { child, ended } = await pushing(project);
    child.kill('SIGKILL');
    await ended;
    const [name] = await temporaryNames(project);
    expect((await project.must('prune', '--dry-run')).summary['due']).toContainEqual(
      expect.objectContaining({ place: 'Docker', image: name }),
    );
    await project.must('prune');
    expect(await temporaryNames(project)).toEqual([]);
    expect((await project.must('cache-status')).summary.images).toMatchObject([{ verdict: 'fresh' }]);
  });
});

it('the harness, killed at any moment of a run, leaves nothing that the next run cannot repair', async () => {
  const project = all.project('any-moment', { tests: { command: ['sleep', '0.3'] } });
  const { directory } = project;
  const prepare = (round: number) => project.write('app/program', program(`round ${round}`));
  const done = await killRounds({ directory, rounds: 10, prepare });
  expect(done.filter(({ failure }) => failure !== undefined)).toEqual([]);
  // A build that is killed right after its end has an image without a name that no run knows of.
  await project.must('prune');
  await docker('image', 'prune', '--force', '--filter', `label=${LABELS.project}=${all.name}`);
});

describe('an interruption', () => {
  it.each<[string, (project: Project) => Promise<Running>]>([
    ['a push', uploading],
    ['a pull', pulling],
    ['an archive', importing],
  ])('during %s ends it, and leaves nothing behind', async (stage, startAndWait) => {
    const project = await built(`interrupted-${stage.replace(/.* /, '')}`);
    const { child, ended } = await startAndWait(project);
    child.kill('SIGINT');
    const { exitCode, summary } = await ended;
    await limitRegistry();
    expect(exitCode).toBe(130);
    expect(summary).toMatchObject({
      exitCode: 130,
      loads: [{ verdict: 'failed' }],
      tests: null,
      error: { code: 'INTERRUPTED' },
    });
    expect(await temporaryNames(project)).toEqual([]);
    await eventually(
      'no pull or import is left in the node',
      async () => !/crictl pull|images import/.test(await inNode('ps', '-eo', 'args')),
    );
    expect(await inNode('ctr', '--namespace=k8s.io', 'images', 'ls', '-q')).not.toContain(project.reference);
    const [load] = (await passes(project)).summary.loads;
    expect(load).toMatchObject({ verdict: 'transferred' });
    if (stage === 'a push') expect(load?.pushed).toBeGreaterThan(200 * MB); // the registry had received only a part
  });
});

describe('the registry, killed', () => {
  it.each<[string, (project: Project) => Promise<Running>]>([
    ['push', pushing],
    ['pull', pulling],
  ])('during a %s', async (stage, startAndWait) => {
    const project = await built(`registry-${stage}`);
    const { ended } = await startAndWait(project);
    await docker('kill', registry);
    await limitRegistry().catch(() => undefined); // the run may have removed it
    const { notes, summary } = await ended;
    expect(notes).toContain('loading through the registry failed, sending the whole image to');
    expect(summary).toMatchObject({ exitCode: 0, loads: [{ verdict: 'transferred' }] });
    await passes(project);
  });
});

it('containerd, killed during a pull', async () => {
  const project = await built('containerd');
  const { ended } = await pulling(project);
  await inNode('pkill', '-KILL', '-x', 'containerd');
  await limitRegistry();
  await ended; // succeeds or fails, depending on how soon containerd runs again
  await passes(project);
});

describe('a full disk', () => {
  /** Runs something while the node can unpack only 50 MB. */
  async function withFullDisk<T>(work: () => Promise<T>): Promise<T> {
    const layers = '/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots';
    await inNode('mount', '-t', 'tmpfs', '-o', 'size=50m', 'tmpfs', layers);
    try {
      return await work();
    } finally {
      await inNode('umount', layers);
    }
  }

  it.each(['auto', 'archive'] as const)(
    'in a node is reported as such, and the incomplete image is removed: %s',
    async (transport) => {
      const project = await built(`full-${transport}`);
      project.configure({ load: { transport } });
      const before = await imagesInNode();
      const { summary } = await withFullDisk(() => project.run('load-if-needed'));
      expect(summary).toMatchObject({
        exitCode: 3,
        error: { code: 'DISK_FULL', message: expect.stringContaining(node) },
      });
      expect(await imagesInNode()).toEqual(before);
      await passes(project);
    },
  );

  it('in a node removes each image of a common archive', async () => {
    const project = await built('full-together');
    const names = ['a', 'b', 'c'];
    const image = (name: string) => ({
      context: 'app',
      dockerfile: `app/${name}.Dockerfile`,
      tag: `${all.name}/full-${name}:dev`,
    });
    for (const name of names)
      project.write(
        `app/${name}.Dockerfile`,
        `FROM scratch\nCOPY weight /\nCOPY program /program\nCOPY ${name}.Dockerfile /x\n`,
      );
    project.configure({
      images: Object.fromEntries(names.map((name) => [name, image(name)])),
      load: { transport: 'archive' },
    });
    await project.must('build-if-needed');
    const before = await imagesInNode();
    const { summary } = await withFullDisk(() => project.run('load-if-needed'));
    expect(summary).toMatchObject({
      exitCode: 3,
      error: { code: 'DISK_FULL' },
      loads: names.map(() => ({ verdict: 'failed' })),
    });
    expect(await imagesInNode()).toEqual(before);
    expect((await project.must('load-if-needed')).summary.loads).toMatchObject(
      names.map(() => ({ verdict: 'transferred' })),
    );
  });

  it('in the registry is reported as such, and the registry is removed with its content', async () => {
    const project = await built('full-registry');
    const label = async (name: string) =>
      `${name}=${await docker('inspect', '--format', `{{index .Config.Labels "${name}"}}`, registry)}`;
    const labels = [await label(LABELS.project), await label(LABELS.registry), await label(LABELS.definition)];
    const image = await docker('inspect', '--format', '{{.Image}}', registry);
    await docker('rm', '--force', '--volumes', registry);
    const options = [
      '--network=kind',
      '--publish=127.0.0.1::5000',
      '--tmpfs=/var/lib/registry:size=50m',
      '--entrypoint=/bin/registry',
    ];
    await docker(
      'create',
      '--name',
      registry,
      ...options,
      ...labels.flatMap((each) => ['--label', each]),
      image,
      'serve',
      '/etc/distribution/config.yml',
    );
    await docker('cp', 'harness/registry/config.yml', `${registry}:/etc/distribution/config.yml`);
    await createPassword(DockerEngine.of(process.env), registry);
    await docker('start', registry);
    const { summary } = await project.run('load-if-needed');
    expect(summary).toMatchObject({
      exitCode: 3,
      error: { code: 'DISK_FULL', message: expect.stringContaining('registry') },
    });
    expect(await dockerLines('ps', '--all', '--quiet', '--filter', `name=^${registry}$`)).toEqual([]);
    await passes(project);
  });
});

it('nodes do not use a configured proxy for the registry', async () => {
  const project = await built('proxy');
  const unit = '/etc/systemd/system/containerd.service.d/proxy.conf';
  const subnet = await docker('network', 'inspect', 'kind', '--format', '{{range .IPAM.Config}}{{.Subnet}},{{end}}');
  // As kind sets it if the environment has a proxy. Nothing listens at this one.
  const settings = `[Service]\nEnvironment=HTTP_PROXY=http://127.0.0.1:9\nEnvironment=NO_PROXY=${subnet}\n`;
  const restart = 'systemctl daemon-reload && systemctl restart containerd';
  await inNode('sh', '-c', `mkdir -p "$(dirname "$1")" && printf '%s' "$2" > "$1" && ${restart}`, 'sh', unit, settings);
  try {
    const run = await project.must('load-if-needed');
    expect(run.notes).toBe('');
    expect(run.summary.loads).toMatchObject([{ verdict: 'transferred', pushed: expect.any(Number) }]);
  } finally {
    await inNode('sh', '-c', `rm "$1" && ${restart}`, 'sh', unit);
  }
});
