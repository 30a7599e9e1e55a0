import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { HarnessError } from '../core/error.ts';
import { printable, tail } from '../machine/process.ts';
import type { DockerEngine } from './engine.ts';
import { splitOutputs } from './socket.ts';

export interface ExecResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface ExecOptions {
  /** What the program reads; sent with back-pressure. */
  stdin?: Readable;
  /** Ends the wait for it; the program itself may go on. */
  signal?: AbortSignal;
  /**
   * Called when the engine has been told to start it, and nothing is left to do but wait. Not for
   * programs that read.
   */
  onStarted?: () => void;
}

/**
 * Runs a program in a running container, over the engine's socket: some 40 ms cheaper than a
 * `docker exec` of its own.
 * @returns whatever the exit code
 */
export async function tryExec(
  engine: DockerEngine,
  container: string,
  argv: readonly string[],
  { stdin, ...options }: ExecOptions = {},
): Promise<ExecResult> {
  return stdin === undefined
    ? askProgram(engine, container, argv, options)
    : feedProgram(engine, container, argv, stdin, options.signal);
}

/** A program that only answers: three plain questions to the engine, and no library. */
async function askProgram(
  engine: DockerEngine,
  container: string,
  argv: readonly string[],
  { onStarted, signal }: Omit<ExecOptions, 'stdin'>,
): Promise<ExecResult> {
  const created = await engine.json<{ Id: string }>('POST', `/containers/${encodeURIComponent(container)}/exec`, {
    Cmd: argv,
    AttachStdout: true,
    AttachStderr: true,
  });
  if (!created) throw new HarnessError('CLUSTER', `There is no container ${container}.`, { next: 'Run `harness up`.' });
  const start = { Detach: false, Tty: false };
  const { status, body } = await engine.ask('POST', `/exec/${created.Id}/start`, start, {
    ...(onStarted ? { onSent: onStarted } : {}),
    ...(signal ? { signal } : {}),
  });
  if (status !== 200)
    throw new HarnessError(
      'CLUSTER',
      `\`${printable(argv)}\` could not be started in ${container}: ${body.toString('utf8')}`,
    );
  const ended = await engine.json<{ ExitCode: number | null }>('GET', `/exec/${created.Id}/json`);
  return { exitCode: ended?.ExitCode ?? 1, ...splitOutputs(body) };
}

async function feedProgram(
  engine: DockerEngine,
  container: string,
  argv: readonly string[],
  stdin: Readable,
  signal: AbortSignal | undefined,
): Promise<ExecResult> {
  const exec = await engine.api.getContainer(container).exec({
    Cmd: [...argv],
    AttachStdout: true,
    AttachStderr: true,
    AttachStdin: true,
  });
  const stream = await exec.start({ hijack: true, stdin: true });
  const cut = () => stream.destroy();
  signal?.addEventListener('abort', cut, { once: true });
  if (signal?.aborted) cut(); // while it was started
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  engine.api.modem.demuxStream(stream, stdout, stderr);
  const outputs = Promise.all([collect(stdout), collect(stderr)]);
  const finished = new Promise<void>((resolve, reject) => {
    stream.once('end', resolve).once('close', resolve).once('error', reject);
  }).finally(() => {
    stdout.end();
    stderr.end();
  });
  // A program that ends before it has read everything closes the stream: its exit code then tells
  // more than the broken pipe.
  await Promise.race([pipeline(stdin, stream).catch(() => undefined), finished]);
  await finished;
  stdin.destroy();
  stream.destroy();
  signal?.removeEventListener('abort', cut);
  const [out, err] = await outputs;
  const { ExitCode } = await exec.inspect();
  return { exitCode: ExitCode ?? 1, stdout: out, stderr: err };
}

/**
 * As `tryExec`, but a failing exit code is an error.
 * @throws HarnessError CLUSTER with the command and its last lines
 */
export async function exec(
  engine: DockerEngine,
  container: string,
  argv: readonly string[],
  options: ExecOptions = {},
): Promise<ExecResult> {
  const result = await tryExec(engine, container, argv, options);
  if (result.exitCode === 0) return result;
  throw new HarnessError(
    'CLUSTER',
    `\`${printable(argv)}\` failed in ${container} with exit code ${result.exitCode}.`,
    {
      detail: tail(`${result.stdout}\n${result.stderr}`.trim()),
    },
  );
}

async function collect(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
