import { count } from '../core/words.ts';
import { dockerClient } from '../docker/client.ts';
import { findOnPath } from '../machine/executable.ts';
import { tryRun } from '../machine/process.ts';
import { keep, recall } from '../machine/remembered-answer.ts';

/** What another program said about a Dockerfile, in one line. */
export interface OutsideProblem {
  rule: 'buildkit-check' | 'hadolint';
  /** The first line that it is about, counted from 0. */
  line: number;
  message: string;
}

/** A Dockerfile for other programs to check. */
export interface CheckedFile {
  path: string;
  text: string;
  context: string;
  target: string | undefined;
  buildArgs: Readonly<Record<string, string>>;
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
  /** Where BuildKit's answer is remembered: it takes a second. */
  memory: string;
  /** Milliseconds since the epoch. */
  now: number;
}

/** One remark of a program. */
export interface Remark {
  name: string;
  /** Counted from 1. */
  line: number;
}

const TIMEOUT = 30_000;

/** What BuildKit's own check and hadolint say, if they find something. A program that fails says nothing. */
export async function outsideChecks(file: CheckedFile): Promise<OutsideProblem[]> {
  const [buildKit, hadolint] = await Promise.all([askBuildKit(file), askHadolint(file)]);
  return [...inOneLine('buildkit-check', "BuildKit's check", buildKit), ...inOneLine('hadolint', 'hadolint', hadolint)];
}

function inOneLine(rule: OutsideProblem['rule'], program: string, remarks: readonly Remark[]): OutsideProblem[] {
  const [first] = remarks;
  if (first === undefined) return [];
  const list = remarks.map(({ name, line }) => `${name} in line ${line}`).join(', ');
  return [{ rule, line: first.line - 1, message: `${program} has ${count(remarks.length, 'remark')}: ${list}` }];
}

interface BuildKitAnswer {
  remarks: Remark[];
  /** Whether BuildKit could read the base images: otherwise it may say more later. */
  isComplete: boolean;
}

async function askBuildKit({
  path,
  text,
  context,
  target,
  buildArgs,
  env,
  signal,
  memory,
  now,
}: CheckedFile): Promise<Remark[]> {
  const question = [1, text, target, buildArgs];
  const known = recall<BuildKitAnswer & { hour: number }>(memory, question);
  const hour = Math.floor(now / 3_600_000);
  if (known && (known.isComplete || known.hour === hour)) return known.remarks;
  const args = Object.entries(buildArgs).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
  const stage = target === undefined ? [] : ['--target', target];
  const client = await dockerClient(env);
  const { stdout } = await tryRun(
    [
      client,
      'buildx',
      'build',
      '--call=check,format=json',
      '--progress=quiet',
      '--file',
      path,
      ...stage,
      ...args,
      context,
    ],
    { baseEnv: env, timeout: TIMEOUT, signal },
  );
  const answer = readBuildKitAnswer(stdout);
  if (!answer) return [];
  keep(memory, question, { ...answer, hour });
  return answer.remarks;
}

/** The answer of `--call=check,format=json`; undefined if it is none. */
function readBuildKitAnswer(text: string): BuildKitAnswer | undefined {
  const answer = parse(text) as
    | {
        warnings?: { ruleName?: string; location?: { ranges?: { start?: { line?: number } }[] } }[];
        buildError?: unknown;
      }
    | undefined;
  if (answer === undefined) return undefined;
  const remarks = (answer.warnings ?? []).map(({ ruleName = 'a rule', location }) => ({
    name: ruleName,
    line: location?.ranges?.[0]?.start?.line ?? 1,
  }));
  return { remarks, isComplete: answer.buildError === undefined };
}

/** Asks hadolint if it is installed. */
async function askHadolint({ path, env, signal }: CheckedFile): Promise<Remark[]> {
  const [program] = findOnPath('hadolint', env);
  if (program === undefined) return [];
  const { stdout } = await tryRun([program, '--format', 'json', path], { baseEnv: env, timeout: TIMEOUT, signal });
  const answer = parse(stdout);
  if (!Array.isArray(answer)) return [];
  return (answer as { code?: string; line?: number }[]).map(({ code = 'a rule', line = 1 }) => ({ name: code, line }));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
