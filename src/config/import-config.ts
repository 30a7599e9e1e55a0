import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ifPresent } from '../machine/if-present.ts';

/**
 * Imports a configuration that is a program. Node itself does it if the file is certainly an ES
 * module, because that costs nothing. Everything else goes through jiti, as vite and vitest accept
 * it: `import` and `export` in a package of type "commonjs" or without a type (`npm init` of npm 11
 * writes "commonjs"), `enum`, `require` next to `import`, paths of a tsconfig.json.
 * @param again whether this process may have imported the file before it changed
 * @throws what the file itself throws, and Error if it has no default export
 */
export async function importConfig(file: string, again: boolean): Promise<unknown> {
  const module = (isEsModule(file) ? await importNatively(file, again) : undefined) ?? (await importWithJiti(file));
  if (module.default === undefined) throw new Error('it has no default export');
  return module.default;
}

interface Module {
  default?: unknown;
}

/** @returns undefined if Node cannot load it and jiti may */
async function importNatively(file: string, again: boolean): Promise<Module | undefined> {
  // Node loads a module once; under another URL it is another module.
  const url = `${pathToFileURL(file).href}${again ? `?${statSync(file).mtimeMs}` : ''}`;
  try {
    return (await import(url)) as Module;
  } catch (error) {
    if (isForJiti(error)) return undefined;
    throw error;
  }
}

/** Syntax that Node cannot strip, names that it does not resolve, CommonJS in an ES module. */
function isForJiti(error: unknown): boolean {
  const { code = '' } = error as NodeJS.ErrnoException;
  return (
    error instanceof SyntaxError ||
    error instanceof ReferenceError ||
    /^ERR_(UNSUPPORTED_TYPESCRIPT_SYNTAX|INVALID_TYPESCRIPT_SYNTAX|MODULE_NOT_FOUND|UNSUPPORTED_DIR_IMPORT|UNKNOWN_FILE_EXTENSION)$/.test(
      code,
    )
  );
}

async function importWithJiti(file: string): Promise<Module> {
  const { createJiti } = await import('jiti');
  // No cache on disk: it would be kept in the user's node_modules or in a shared /tmp.
  const jiti = createJiti(file, { moduleCache: false, fsCache: false, tsconfigPaths: true });
  return jiti.import<Module>(file);
}

/** Whether Node takes the file for an ES module: by its name, or by the nearest package.json. */
function isEsModule(file: string): boolean {
  if (/\.m[jt]s$/.test(file)) return true;
  for (let directory = dirname(file); ; directory = dirname(directory)) {
    const text = ifPresent(() => readFileSync(join(directory, 'package.json'), 'utf8'));
    if (text !== undefined) return /"type"\s*:\s*"module"/.test(text);
    if (directory === dirname(directory)) return false;
  }
}
