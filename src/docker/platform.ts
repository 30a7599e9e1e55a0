import { statSync } from 'node:fs';
import { cacheDirectory } from '../machine/cache-directory.ts';
import { keep, recall } from '../machine/remembered-answer.ts';
import { sha256 } from '../core/digest.ts';

/** Kinds of ARM processors, as Linux names them, and their names in platforms. */
const ARM_VARIANTS: Readonly<Record<string, string>> = {
  armv5: 'v5',
  armv6: 'v6',
  armv7: 'v7',
  armv8: 'v8',
  aarch64: 'v8',
};

/** An engine that can be asked. */
interface AskedEngine {
  json: <T>(method: 'GET', path: string) => Promise<T | undefined>;
}

/**
 * Asks the engine for its platform. Only 32-bit ARM has variants that matter, and takes a second
 * question.
 */
async function askPlatform(engine: AskedEngine): Promise<string> {
  const { Os = 'linux', Arch = 'amd64' } = (await engine.json<{ Os?: string; Arch?: string }>('GET', '/version')) ?? {};
  if (Arch !== 'arm') return `${Os}/${Arch}`;
  const info = await engine.json<{ Architecture?: string }>('GET', '/info');
  const [machine = ''] = /^(armv\d|aarch64)/.exec(info?.Architecture ?? '') ?? [];
  return `${Os}/${Arch}/${ARM_VARIANTS[machine] ?? 'v7'}`;
}

/**
 * The engine's platform. An engine runs other programs to answer, which takes 20 times as long as to
 * inspect an image. So the answer is remembered for as long as the engine's socket is the same file:
 * whatever listens there instead makes a new one. An engine on the network is always asked.
 * @param socket the path of its socket; undefined for an engine on the network
 */
export async function enginePlatform(
  engine: AskedEngine,
  socket: string | undefined,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const identity = socket === undefined ? undefined : identityOf(socket);
  if (socket === undefined || identity === undefined) return askPlatform(engine);
  const path = cacheDirectory(env, 'engines', `${sha256(socket).slice(0, 32)}.json`);
  const question = [FORMAT, socket, identity];
  const known = recall<string>(path, question);
  if (known !== undefined) return known;
  const platform = await askPlatform(engine);
  keep(path, question, platform);
  return platform;
}

/** Increase this whenever the answer to the same engine would be another one. */
const FORMAT = 1;

/** What changes when a socket is recreated; undefined if there is none. */
function identityOf(socket: string): string | undefined {
  try {
    const { dev, ino, ctimeNs } = statSync(socket, { bigint: true });
    return `${dev} ${ino} ${ctimeNs}`;
  } catch {
    return undefined; // the engine will be found to be down
  }
}
