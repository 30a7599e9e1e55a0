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
  /** The program's standard input, sent with back-pressure. */
  stdin?: Readable;
  /** Variables of the program, for what must not be seen among the arguments of processes. */
  env?: Record<string, string> | undefined;
  /** Ends the wait for the program. The program itself may continue. */
  signal?: AbortSignal | undefined;
  /**
   * Called when the request to start the program has been sent. Not for programs with `stdin`.
   */
  onStarted?: (() => void) | undefined;
}

/**
 * Runs a program in a running container, over the engine's socket. That is about 40 ms faster than
 * `docker exec`.
 * @returns the outcome, whatever the exit code
 */
export async function tryExec(
  engine: DockerEngine,
  container: string,
  argv: readonly string[],
  { stdin, ...options }: ExecOptions = {},
): Promise<ExecResult> {
  return stdin === undefined
    ? runProgram(engine, container, argv, options)
    : feedProgram(engine, container, argv, stdin, options.signal);
}

/** For a program without input, three plain requests are enough and no library is needed. */
async function runProgram(
  engine: DockerEngine,
  container: string,
  argv: readonly string[],
  { env = {}, onStarted, signal }: Omit<ExecOptions, 'stdin'>,
): Promise<ExecResult> {
  const created = await engine.json<{ Id: string }>('POST', `/containers/${encodeURIComponent(container)}/exec`, {
    Cmd: argv,
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    AttachStdout: true,
    AttachStderr: true,
  });
  if (!created)
    throw new HarnessError('CLUSTER', `The container ${container} does not exist.`, { next: 'Run `harness up`.' });
  const start = { Detach: false, Tty: false };
  const { status, body } = await engine.ask('POST', `/exec/${created.Id}/start`, start, {
    onSent: onStarted,
    signal,
  });
  if (status !== 200)
    throw new HarnessError(
      'CLUSTER',
      `Could not start \`${printable(argv)}\` in ${container}: ${body.toString('utf8')}`,
    );
  const program = await engine.json<{ ExitCode: number | null }>('GET', `/exec/${created.Id}/json`);
  return { exitCode: program?.ExitCode ?? 1, ...splitOutputs(body) };
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
  const closeStream = () => stream.destroy();
  signal?.addEventListener('abort', closeStream, { once: true });
  if (signal?.aborted) closeStream(); // aborted while the program was being started
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
  // A program that ends before it has read everything closes the stream. Its exit code is more
  // useful then than the broken pipe.
  await Promise.race([pipeline(stdin, stream).catch(() => undefined), finished]);
  await finished;
  stdin.destroy();
  stream.destroy();
  signal?.removeEventListener('abort', closeStream);
  const [out, err] = await outputs;
  const { ExitCode } = await exec.inspect();
  return { exitCode: ExitCode ?? 1, stdout: out, stderr: err };
}

/**
 * Like `tryExec`, but a failing exit code is an error.
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
