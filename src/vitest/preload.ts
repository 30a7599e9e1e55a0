import { createRequire } from 'node:module';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import type { VitestOrder } from '../testing/preloaded-vitest.ts';

/**
 * The program `node waiting <vitest's own>`: loads vitest's library, reads on its standard input
 * what to do, and from then on is vitest.
 */
const vitest = process.argv[2] as string;
void load();
const order = await text(process.stdin);
if (order === '') process.exit(); // there is nothing to do after all, or nobody who could say so
const { args, env } = JSON.parse(order) as VitestOrder;
Object.assign(process.env, env);
process.argv.splice(1, Infinity, vitest, ...args); // in place: the library keeps the array as it found it
await import(pathToFileURL(vitest).href);

async function load(): Promise<void> {
  try {
    await import(pathToFileURL(createRequire(vitest).resolve('vitest/node')).href);
  } catch {
    // It only saves time. Vitest itself will say what is wrong.
  }
}
