import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { engineLogin } from '../../src/registry/credential.ts';

/**
 * Makes a directory a configuration of Docker's client that is logged in to a cluster's registry.
 * @returns the directory, for `DOCKER_CONFIG` or `--config`
 */
export function loggedIn(directory: string, port: number | string, password: string): string {
  const { username } = engineLogin(password);
  const auth = Buffer.from(`${username}:${password}`).toString('base64');
  writeFileSync(join(directory, 'config.json'), JSON.stringify({ auths: { [`127.0.0.1:${port}`]: { auth } } }));
  return directory;
}
