import { spawn } from 'node:child_process';
import { Agent } from 'node:http';
import { Duplex } from 'node:stream';

/** Seconds until ssh gives up the connection. */
const CONNECT_TIMEOUT = 30;

/**
 * Connects through the ssh program to Docker's client on the other machine, as Docker's own client
 * does. So the user's ssh configuration, keys and known hosts apply.
 */
export function sshAgent(url: URL): Agent {
  return Object.assign(new Agent(), { createConnection: () => connectionThrough(sshCommand(url)) });
}

/** The command for an address like `ssh://user@host:22/run/docker.sock`. */
export function sshCommand({ username, hostname, port, pathname }: URL): [string, ...string[]] {
  const socket = pathname === '' || pathname === '/' ? [] : ['--host', `unix://${pathname}`];
  return [
    'ssh',
    ...(username === '' ? [] : ['-l', decodeURIComponent(username)]),
    ...(port === '' ? [] : ['-p', port]),
    '-o',
    `ConnectTimeout=${CONNECT_TIMEOUT}`,
    '-T',
    '--',
    hostname.replace(/^\[|\]$/g, ''),
    'docker',
    ...socket,
    'system',
    'dial-stdio',
  ];
}

function connectionThrough([program, ...args]: [string, ...string[]]): Duplex {
  const child = spawn(program, args, { stdio: 'pipe' });
  let complaint = '';
  const connection = new Duplex({
    read: () => void child.stdout.resume(),
    write: (chunk, _, done) => void child.stdin.write(chunk, () => done()), // its end tells why it failed
    final: (done) => void child.stdin.end(() => done()),
    destroy: (error, done) => {
      child.kill();
      done(error);
    },
  });
  child.stdin.on('error', () => undefined);
  child.stdout.on('data', (chunk) => {
    if (!connection.push(chunk)) child.stdout.pause();
  });
  child.stderr.on('data', (chunk: Buffer) => (complaint = (complaint + chunk.toString('utf8')).slice(-2_000)));
  child.once('error', (error) => connection.destroy(error));
  child.once('close', (code) => {
    if (code === 0 || code === null) connection.push(null);
    else connection.destroy(new Error(`ssh failed: ${complaint.trim()}`));
  });
  return connection;
}
