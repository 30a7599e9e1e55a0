import { createRequire } from 'node:module';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import type { VitestOrder } from '../testing/preloaded-vitest.ts';

/**
 * The program `node preload.js <path of vitest>`: loads vitest's library, reads a `VitestOrder`
 * from its standard input, and then runs vitest in this process.
 */
const vitest = process.argv[2] as string;
void load();
const order = await text(process.stdin);
if (order === '') process.exit(); // there is nothing to run, or the harness is gone
const { args, env } = JSON.parse(order) as VitestOrder;
Object.assign(process.env, env);
process.argv.splice(1, Infinity, vitest, ...args); // in place, because the library keeps a reference to the array
await import(pathToFileURL(vitest).href);

async function load(): Promise<void> {
  try {
    await import(pathToFileURL(createRequire(vitest).resolve('vitest/node')).href);
  } catch {
    // Loading early only saves time. Vitest itself will report the error.
  }
}
