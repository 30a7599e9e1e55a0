import { run } from '../../../src/machine/process.ts';
import { REPOSITORY } from './command.ts';

/** Builds the command for these tests, which would otherwise use the last build. */
export default async function setup(): Promise<void> {
  await run([process.execPath, 'node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], { cwd: REPOSITORY });
  await run([process.execPath, 'scripts/bundle.mjs'], { cwd: REPOSITORY });
}
