import { homedir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeState } from '../machine/state-file.ts';
import type { StreamFilling } from './fill-stream.ts';

const NAME = 'kind-harness-images';

/** How Helm is told to fill in the images. */
export interface PostRenderer {
  args: string[];
  env: NodeJS.ProcessEnv;
}

/**
 * Writes what Helm needs to fill in images: a program for Helm 3, a plugin for Helm 4, which
 * accepts no program.
 * @param directory of this run's own
 * @param major Helm's version
 */
export function writePostRenderer(
  directory: string,
  filling: StreamFilling,
  major: number,
  env: NodeJS.ProcessEnv,
): PostRenderer {
  const plugin = join(directory, NAME);
  const program = join(plugin, 'post-render.sh');
  const list = join(plugin, 'images.json');
  writeState(list, JSON.stringify(filling), 0o600);
  const script = fileURLToPath(
    new URL(`../helm/post-render${extname(import.meta.url).replace('c', '')}`, import.meta.url),
  );
  writeState(program, `#!/bin/sh\nexec ${[process.execPath, script, list].map(quoted).join(' ')}\n`, 0o700);
  if (major < 4) return { args: ['--post-renderer', program], env: {} };
  writeState(join(plugin, 'plugin.yaml'), PLUGIN);
  const users = env['HELM_PLUGINS'] ?? join(dataDirectory(env), 'plugins');
  return { args: ['--post-renderer', NAME], env: { HELM_PLUGINS: `${directory}:${users}` } };
}

const PLUGIN = `apiVersion: v1
name: ${NAME}
version: 1.0.0
type: postrenderer/v1
runtime: subprocess
runtimeConfig:
  platformCommand:
    - command: \${HELM_PLUGIN_DIR}/post-render.sh
`;

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Where Helm keeps its plugins, unless it is told otherwise. */
function dataDirectory(env: NodeJS.ProcessEnv): string {
  if (env['HELM_DATA_HOME']) return env['HELM_DATA_HOME'];
  if (env['XDG_DATA_HOME']) return join(env['XDG_DATA_HOME'], 'helm');
  return process.platform === 'darwin'
    ? join(homedir(), 'Library', 'helm')
    : join(homedir(), '.local', 'share', 'helm');
}
