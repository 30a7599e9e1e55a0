/**
 * Kills `harness test-cached` with SIGKILL at random moments, and says how often the next plain run
 * passed. Every fifth killed run also creates the cluster. Needs the built command: `npm run build`.
 *
 * node bench/kills.ts [rounds]
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { HARNESS } from '../test/e2e/support/command.ts';
import { killRounds } from '../test/e2e/support/kill-rounds.ts';
import { program } from '../test/e2e/support/program.ts';

const ROUNDS = Number(process.argv[2] ?? 100);
const CREATIONS = 5;
const NAME = `bench-kills-${process.pid}`;

const directory = mkdtempSync(join(tmpdir(), `${NAME}-`));
const [file, ...args] = HARNESS;
const harness = (command: string) => execFileSync(file, [...args, command], { cwd: directory, stdio: 'ignore' });

function write(path: string, content: string | Buffer): void {
  mkdirSync(dirname(join(directory, path)), { recursive: true });
  writeFileSync(join(directory, path), content, { mode: 0o755 });
}

const pod = `{ metadata: { labels: { app: app } }, spec: { terminationGracePeriodSeconds: 0, containers: [{ name: app, image: app }] } }`;
write('app/Dockerfile', 'FROM scratch\nCOPY program /program\nENTRYPOINT ["/program"]\n');
write(
  'manifest.yaml',
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: app }\nspec: { selector: { matchLabels: { app: app } }, template: ${pod} }\n`,
);
write(
  'harness.config.json',
  JSON.stringify({
    project: NAME,
    cluster: { name: NAME },
    images: { app: { context: 'app', tag: `${NAME}/app:dev` } },
    manifests: 'manifest.yaml',
    tests: { command: ['sleep', '0.5'] },
  }),
);

const stages = new Map<string, number>();
try {
  for (const [kind, rounds, isNew] of [
    ['with a cluster', ROUNDS - Math.floor(ROUNDS / CREATIONS), false],
    ['without one', Math.floor(ROUNDS / CREATIONS), true],
  ] as const) {
    const done = await killRounds({
      directory,
      rounds,
      prepare: (round) => {
        if (isNew) harness('down');
        write('app/program', program(`${kind} ${round}`));
      },
      onRound: ({ moment, killed, stage, failure }, index) => {
        stages.set(stage, (stages.get(stage) ?? 0) + 1);
        const end = failure === undefined ? 'survived' : `NOT SURVIVED\n${failure}`;
        console.log(`${index + 1} ${kind}: ${killed} after ${moment} ms, in ${stage}: ${end}`);
      },
    });
    console.log(`${kind}: survived ${done.filter(({ failure }) => failure === undefined).length}/${rounds}`);
  }
  console.log(`killed in: ${[...stages].map(([stage, times]) => `${stage} ${times}`).join(', ')}`);
} finally {
  harness('clean');
  rmSync(directory, { recursive: true, force: true });
}
