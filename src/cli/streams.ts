/** Where a command writes. */
export interface Streams {
  out: (line: string) => void;
  err: (line: string) => void;
  terminal: boolean;
}

/**
 * The process's output. Once its reader is gone, as in `harness … | head`, lines are dropped, and
 * the command ends with its usual exit code.
 * @param onClosed called when the reader of the standard output is gone
 */
export function openStreams(
  { stdout, stderr, env }: { stdout: NodeJS.WriteStream; stderr: NodeJS.WriteStream; env: NodeJS.ProcessEnv },
  onClosed: () => void,
): Streams {
  const writerTo = (stream: NodeJS.WriteStream, onEnd: () => void) => {
    let isClosed = false;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      if (isClosed) return;
      isClosed = true;
      onEnd();
    });
    return (line: string) => {
      if (!isClosed) stream.write(`${line}\n`);
    };
  };
  return {
    out: writerTo(stdout, onClosed),
    err: writerTo(stderr, () => undefined),
    terminal: stdout.isTTY === true && env['CI'] === undefined,
  };
}
