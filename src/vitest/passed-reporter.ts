import { writeFileSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import type { Reporter, TestModule, TestProject, Vite } from 'vitest/node';
import { oncePerFile, REPORT_VARIABLE, type ModuleReport } from '../testing/module-report.ts';

/** Reports the result and the dependencies of each test file to the harness that started vitest. */
export default class PassedReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const path = process.env[REPORT_VARIABLE];
    if (path === undefined) return;
    // An error outside of all tests may belong to any test.
    const reports = modules.map((module): ModuleReport => {
      return {
        file: module.moduleId,
        passed: unhandledErrors.length === 0 && hasPassed(module),
        imports: importsOf(module),
        configurations: configurationsOf(module.project.vitest.projects),
      };
    });
    writeFileSync(path, JSON.stringify(oncePerFile(reports)));
  }
}

function hasPassed(module: TestModule): boolean {
  const tests = [...module.children.allTests()];
  return (
    module.state() === 'passed' &&
    tests.length > 0 &&
    tests.every((test) => test.result().state === 'passed' && test.diagnostic()?.flaky === false)
  );
}

function importsOf({ project, moduleId, children }: TestModule): string[] {
  // The root's settings and global setup apply to all projects, also to those that are defined
  // inline and do not extend it.
  const root = project.vitest.getRootProject();
  const applied = [...children.allTests()].flatMap(
    (test) => (test.meta() as { harnessFiles?: string[] }).harnessFiles ?? [],
  );
  const found = new Set<string>([...applied, ...configurationsOf([root, project])]);
  const graphs = [...graphsOf(root), ...graphsOf(project)];
  for (const start of [moduleId, ...loadedFor(project), ...root.config.globalSetup]) {
    found.add(start);
    for (const graph of graphs) collect(graph.getModuleById(start), found, new Set());
  }
  return [...found];
}

/** The files that vitest loads for each test file of a project, though no test imports them. */
function loadedFor({ config }: TestProject): string[] {
  const { setupFiles, globalSetup, snapshotSerializers, environment, runner } = config;
  const own = [environment, runner].flatMap((name = '') => {
    return name.startsWith('.') || isAbsolute(name) ? resolve(config.root, name) : [];
  });
  return [...setupFiles, ...globalSetup, ...snapshotSerializers, ...own];
}

/** The configuration files of projects and their imports; an inline project has those it extends. */
function configurationsOf(projects: readonly TestProject[]): string[] {
  const files = projects.flatMap(({ vite }) => {
    const { configFile, configFileDependencies } = vite.config;
    return [...configFileDependencies, ...(configFile ? [configFile] : [])];
  });
  return [...new Set(files)];
}

function graphsOf(project: TestProject): Vite.EnvironmentModuleGraph[] {
  return Object.values(project.vite.environments).map(({ moduleGraph }) => moduleGraph);
}

/** Collects a module and its imports. Modules without a file are created by vite itself. */
function collect(
  node: Vite.EnvironmentModuleNode | undefined,
  found: Set<string>,
  seen: Set<Vite.EnvironmentModuleNode>,
): void {
  if (!node || seen.has(node)) return;
  seen.add(node);
  if (node.file?.startsWith('/') || /^[A-Za-z]:/.test(node.file ?? '')) found.add(node.file as string);
  for (const imported of node.importedModules) collect(imported, found, seen);
}
