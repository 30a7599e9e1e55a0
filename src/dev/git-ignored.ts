import { tryRun } from '../machine/process.ts';

/** The paths that git does not ignore; all of them if there is no git or no repository. */
export async function unignored(paths: readonly string[], directory: string): Promise<string[]> {
  if (paths.length === 0) return [];
  const argv = ['git', 'check-ignore', '-z', '--stdin'] as const;
  const answer = await tryRun(argv, { cwd: directory, input: paths.join('\0') }).catch(() => undefined);
  const ignored = new Set(answer?.exitCode === 0 ? answer.stdout.split('\0') : []);
  return paths.filter((path) => !ignored.has(path));
}
