import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule, TestProject, Vite } from 'vitest/node';
import { REPORT_VARIABLE, type ModuleReport } from '../testing/module-report.ts';

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
      };
    });
    writeFileSync(path, JSON.stringify(reports));
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
  const { setupFiles, globalSetup } = project.config;
  const { configFile, configFileDependencies } = project.vite.config;
  const applied = [...children.allTests()].flatMap(
    (test) => (test.meta() as { harnessFiles?: string[] }).harnessFiles ?? [],
  );
  const found = new Set<string>([...applied, ...configFileDependencies, ...(configFile ? [configFile] : [])]);
  for (const start of [moduleId, ...setupFiles, ...globalSetup]) {
    found.add(start);
    for (const graph of graphsOf(project)) collect(graph.getModuleById(start), found, new Set());
  }
  return [...found];
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
