import { randomBytes } from 'node:crypto';
import { hash } from 'bcryptjs';
import type { DockerEngine } from '../docker/engine.ts';
import { readContainerFile, writeContainerFile } from '../docker/files.ts';

/**
 * Each registry has a password of its own. Pods and other machines may reach the registry, but only
 * whoever may use Docker can read the password in its container, and only a node's root the copy in
 * the node.
 */
const USER = 'kind-harness';
const PASSWORD_FILE = '/etc/distribution/password';

/** Where the registry's settings in `harness/registry/config.yml` look for it. */
const HASH_FILE = '/etc/distribution/htpasswd';

/** The least that bcrypt offers. The registry checks each request, and nobody guesses 32 random bytes. */
const ROUNDS = 4;

/** Gives a registry that was never started a new password. */
export async function createPassword(engine: DockerEngine, containerId: string): Promise<void> {
  const password = randomBytes(32).toString('hex');
  await writeContainerFile(engine, containerId, HASH_FILE, `${USER}:${await hash(password, ROUNDS)}\n`);
  await writeContainerFile(engine, containerId, PASSWORD_FILE, password);
}

/** The password of a registry; undefined if it has none. */
export function readPassword(engine: DockerEngine, containerId: string): Promise<string | undefined> {
  return readContainerFile(engine, containerId, PASSWORD_FILE);
}

/** The value of the header `Authorization` for a registry with this password. */
export function authorization(password: string): string {
  return `Basic ${Buffer.from(`${USER}:${password}`).toString('base64')}`;
}

/** How the engine is told to log in when it pushes. */
export function engineLogin(password: string): { username: string; password: string } {
  return { username: USER, password };
}
