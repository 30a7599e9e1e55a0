import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { HarnessConfig } from '../../../src/config/define.ts';
import { plainHarness, REPOSITORY, startProgram, type Ended, type RunningProgram, type Start } from './command.ts';
import type { Project, Suite } from './suite.ts';

/** Files of `test/e2e/guests`: their names there, and their names in the project. */
type Guests = Record<string, string>;

const VITEST: [string, ...string[]] = [process.execPath, join(REPOSITORY, 'node_modules', 'vitest', 'vitest.mjs')];

/**
 * A project whose tests use vitest and this package, which is installed as if from a registry. Its
 * image is a small web server.
 */
export function vitestProject(
  all: Suite,
  name: string,
  guests: Guests,
  config: HarnessConfig = {},
  start: Start = {},
): Project {
  install(all.directory);
  const project = all.project(
    name,
    {
      images: {
        app: { context: 'app', tag: `${all.name}/web:dev`, debianBases: { 'debian:bookworm-slim': 'bookworm' } },
      },
      manifests: [],
      tests: {},
      ...config,
    },
    start,
  );
  project.write(
    'app/Dockerfile',
    'FROM debian:bookworm-slim\nCOPY server.pl /\nENV GREETING=hello\nCMD ["perl", "/server.pl"]\n',
  );
  project.write('app/server.pl', guest('server.pl'));
  project.write('package.json', '{ "type": "module" }');
  project.write('vitest.config.ts', guest('vitest.config.ts'));
  for (const [from, to] of Object.entries(guests)) project.write(to, guest(from));
  return project;
}

/** Runs vitest itself, without the `harness` command. */
export function vitest(project: Project, args: string[], env: Record<string, string> = {}): Promise<Ended> {
  return plainHarness(project.directory, args, { program: VITEST, env: { NO_COLOR: '1', ...env } });
}

/** Starts vitest itself, without the `harness` command. */
export function startVitest(project: Project, args: string[], env: Record<string, string> = {}): RunningProgram {
  return startProgram(project.directory, args, { program: VITEST, env: { NO_COLOR: '1', ...env } });
}

export function guest(name: string): string {
  return readFileSync(join(REPOSITORY, 'test', 'e2e', 'guests', name), 'utf8');
}

function install(directory: string): void {
  const modules = join(directory, 'node_modules');
  const own = join(modules, 'kind-harness');
  if (mkdirSync(own, { recursive: true }) === undefined) return; // another project of this suite has installed it
  cpSync(join(REPOSITORY, 'dist'), join(own, 'dist'), { recursive: true });
  cpSync(join(REPOSITORY, 'package.json'), join(own, 'package.json'));
  cpSync(join(REPOSITORY, 'harness'), join(own, 'harness'), { recursive: true });
  const { dependencies } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as {
    dependencies: object;
  };
  for (const name of [...Object.keys(dependencies), 'vitest']) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(REPOSITORY, 'node_modules', name), join(modules, name));
  }
}
