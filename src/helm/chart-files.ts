import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { HarnessError } from '../core/error.ts';
import { filesBelow } from '../machine/files-below.ts';

interface Dependency {
  name: string;
  repository?: string;
}

/**
 * The charts that a chart's directory takes from directories next to it (`repository: file://…`),
 * by the name of the dependency. One that is unpacked in `charts/` is used as it is.
 */
async function localDependencies(chart: string): Promise<{ name: string; directory: string }[]> {
  const { parse } = await import('yaml');
  const read = (file: string) => {
    const path = join(chart, file);
    if (!existsSync(path)) return [];
    return (parse(readFileSync(path, 'utf8')) as { dependencies?: Dependency[] } | null)?.dependencies ?? [];
  };
  return [...read('Chart.yaml'), ...read('requirements.yaml')].flatMap(({ name, repository = '' }) => {
    if (!repository.startsWith('file://') || existsSync(join(chart, 'charts', name, 'Chart.yaml'))) return [];
    return [{ name, directory: resolve(chart, repository.slice('file://'.length)) }];
  });
}

/**
 * All files that a chart's directory is made of, with those of the charts next to it that it
 * depends on.
 */
export async function chartFiles(chart: string): Promise<string[]> {
  const files = new Map<string, string[]>();
  const visit = async (directory: string) => {
    if (files.has(directory) || !existsSync(directory)) return;
    const dependencies = await localDependencies(directory);
    const packed = dependencies.map(({ name }) => join(directory, 'charts', `${name}-`));
    const isPacked = (path: string) => path.endsWith('.tgz') && packed.some((start) => path.startsWith(start));
    files.set(
      directory,
      filesBelow(directory).filter((path) => !isPacked(path)),
    );
    for (const dependency of dependencies) await visit(dependency.directory);
  };
  await visit(chart);
  return [...files.values()].flat();
}

/**
 * A chart's directory with everything that it depends on. If other charts of the repository are
 * part of it, this is a copy with those in its `charts/`, as `helm dependency build` would pack
 * them: nothing is written into the repository, and no older archive is used.
 * @param scratch a directory for the copy, which is replaced
 * @throws HarnessError CONFIG if a chart that it depends on does not exist
 */
export async function completeChart(chart: string, scratch: string): Promise<string> {
  const dependencies = await localDependencies(chart);
  if (dependencies.length === 0) return chart;
  rmSync(scratch, { recursive: true, force: true });
  const copy = join(scratch, basename(chart));
  await copyChart(chart, copy, []);
  return copy;
}

async function copyChart(chart: string, copy: string, above: readonly string[]): Promise<void> {
  if (above.includes(chart)) {
    throw new HarnessError('CONFIG', `Charts depend on each other: ${[...above, chart].join(' → ')}.`, {
      next: 'Remove one of the dependencies from its Chart.yaml.',
    });
  }
  mkdirSync(copy, { recursive: true });
  cpSync(chart, copy, { recursive: true, dereference: true });
  for (const { name, directory } of await localDependencies(chart)) {
    if (!existsSync(join(directory, 'Chart.yaml'))) {
      throw new HarnessError('CONFIG', `The chart ${chart} depends on ${name}, but ${directory} is not a chart.`, {
        next: `Correct the dependency's \`repository\` in ${join(chart, 'Chart.yaml')}.`,
      });
    }
    const charts = join(copy, 'charts');
    mkdirSync(charts, { recursive: true });
    for (const file of readdirSync(charts)) {
      if (file.startsWith(`${name}-`) && file.endsWith('.tgz')) rmSync(join(charts, file));
    }
    await copyChart(directory, join(charts, name), [...above, chart]);
  }
}
