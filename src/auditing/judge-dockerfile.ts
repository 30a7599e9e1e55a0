import { mountsOf, takenBy, type BuiltStage, type Step } from './built-stages.ts';
import type { Rule } from './finding.ts';
import { judgeSecretContent } from './judge-secrets.ts';

/** What is wrong with a line of a Dockerfile. */
export interface LineProblem {
  rule: Rule;
  /** Counted from 0. */
  line: number;
  message: string;
}

/** What the Dockerfile itself does not say. */
export interface Surroundings {
  /** Whether a reference is an image of this configuration: the harness keeps it fresh. */
  isConfigured: (reference: string) => boolean;
  /** The user of a base image; undefined if it is not known. */
  userOf: (reference: string) => string | undefined;
}

/** Judges the stages that are built; the last one is the image. */
export function judgeDockerfile(stages: readonly BuiltStage[], surroundings: Surroundings): LineProblem[] {
  const found = stages.flatMap((stage) => [
    ...unpinnedBase(stage, surroundings),
    ...earlyStamps(stage),
    ...copyBeforeInstall(stage),
    ...stage.steps.flatMap((step) => (step.isTriggered ? [] : [...judgeMounts(step), ...judgeValues(step)])),
  ]);
  return [...found, ...rootUser(stages.at(-1), surroundings)].sort((a, b) => a.line - b.line);
}

function unpinnedBase({ base, parent, line }: BuiltStage, { isConfigured }: Surroundings): LineProblem[] {
  if (parent || base === '' || base === 'scratch' || base.includes('@sha256:') || isConfigured(base)) return [];
  const isMoving = !/:[^/]+$/.test(base) || base.endsWith(':latest');
  const message = isMoving
    ? `${base} names whatever is newest; name a version and its digest: ${base.replace(/:latest$/, '')}:<version>@sha256:…`
    : `${base} can come to mean another image; add its digest: ${base}@sha256:…`;
  return [{ rule: 'unpinned-base', line, message }];
}

/** Names of values that change with each commit or build. */
const STAMP =
  /^(\w+_)?(git_?)?(commit|sha|revision|vcs_ref|build_?(date|time|id|number)|timestamp|cache_?bust)(_(sha|hash|id|date|time))?$/i;
const STAMP_LABEL = /(^|[.\s"'])(revision|created|vcs-ref|build-date)["']?=/;

/** A stamp before a step that runs makes each commit run the step again. */
function earlyStamps({ steps }: BuiltStage): LineProblem[] {
  return steps.flatMap((step, index) => {
    const later = steps.slice(index + 1).find(({ keyword }) => keyword === 'RUN');
    const stamp = stampIn(step);
    if (stamp === undefined || !later || step.isTriggered) return [];
    const consequence =
      step.keyword === 'LABEL'
        ? `builders other than BuildKit run line ${later.line + 1} again for each value`
        : `each new value runs line ${later.line + 1} and what follows again`;
    return [
      {
        rule: 'early-stamp',
        line: step.line,
        message: `${stamp} is set too early: ${consequence}; move it to the end`,
      },
    ];
  });
}

function stampIn({ keyword, rest }: Step): string | undefined {
  if (keyword === 'LABEL') return STAMP_LABEL.test(rest) ? 'a label with a commit or a date' : undefined;
  return namesSet(keyword, rest).find((name) => STAMP.test(name));
}

/** The names that an `ARG` or `ENV` sets. */
function namesSet(keyword: string, rest: string): string[] {
  if (keyword === 'ARG') return rest.split(/\s+/).map((word) => word.replace(/=[^]*$/, ''));
  if (keyword !== 'ENV') return [];
  if (!/^[^\s=]+=/.test(rest)) return rest.split(/\s+/, 1);
  return [...rest.matchAll(/(?:^|\s)([A-Za-z_]\w*)=/g)].map(([, name]) => name as string);
}

const INSTALLS =
  /\b(npm (ci|i|install)|pnpm (i|install)|yarn install|bun install|pip3? install|uv sync|poetry install|go mod download|cargo fetch|bundle install|composer install|apt(-get)? install|apk add|dnf install|yum install)\b/;

/** A copy of the whole context before an installation: each change of any file installs again. */
function copyBeforeInstall({ steps }: BuiltStage): LineProblem[] {
  const at = steps.findIndex((step) => step.keyword !== 'RUN' && takenBy(step).some(({ path }) => path === ''));
  const copy = steps[at];
  const install = steps.slice(at + 1).find(({ keyword, rest }) => keyword === 'RUN' && INSTALLS.test(rest));
  if (!copy || !install) return [];
  const command = INSTALLS.exec(install.rest)?.[0] ?? 'the installation';
  return [
    {
      rule: 'copy-before-install',
      line: copy.line,
      message: `each change of a file runs \`${command}\` in line ${install.line + 1} again; copy the lock files first`,
    },
  ];
}

/** Programs that download or compile, and the directory that is worth keeping. */
const CACHES: [command: RegExp, target: string][] = [
  [/\bapt(-get)? (-\S+ )*install\b/, '/var/cache/apt,sharing=locked'],
  [/\b(dnf|microdnf|yum) (-\S+ )*install\b/, '/var/cache/dnf,sharing=locked'],
  [/\bapk add (?!.*--no-cache)/, '/var/cache/apk,sharing=locked'],
  [/\bnpm (ci|i|install)\b/, '/root/.npm'],
  [/\bpnpm (i|install)\b/, '/root/.local/share/pnpm/store'],
  [/\byarn install\b/, '/usr/local/share/.cache/yarn'],
  [/\bbun install\b/, '/root/.bun/install/cache'],
  [/\bpip3? install\b/, '/root/.cache/pip'],
  [/\buv (sync|pip install)\b/, '/root/.cache/uv'],
  [/\bpoetry install\b/, '/root/.cache/pypoetry'],
  [/\bgo (mod download|build|install|test)\b/, '/go/pkg/mod'],
  [/\bcargo (build|install|fetch)\b/, '/usr/local/cargo/registry'],
  [/\bmvnw?\b.*\b(package|install|verify|compile|dependency)/, '/root/.m2'],
  [/\bgradlew?\b/, '/root/.gradle'],
  [/\bcomposer install\b/, '/root/.composer/cache'],
];

function judgeMounts(step: Step): LineProblem[] {
  if (step.keyword !== 'RUN') return [];
  const caches = mountsOf(step).filter(({ type }) => type === 'cache');
  const [command, target] = CACHES.find(([pattern]) => pattern.test(step.rest)) ?? [];
  if (command && caches.length === 0) {
    const program = command.exec(step.rest)?.[0].trim() ?? '';
    const message = `\`${program}\` downloads everything again when it runs; add --mount=type=cache,target=${target}`;
    return [{ rule: 'cache-mount', line: step.line, message }];
  }
  const isApt = (mount: Record<string, string>) =>
    /^\/var\/(cache|lib)\/apt\b/.test(mount['target'] ?? mount['dst'] ?? mount['destination'] ?? '');
  const unlocked = caches.find((mount) => isApt(mount) && mount['sharing'] !== 'locked');
  if (!unlocked) return [];
  return [
    {
      rule: 'cache-mount-lock',
      line: step.line,
      message: 'two builds at once break the cache of apt; add sharing=locked to its mount',
    },
  ];
}

const SECRET_NAME =
  /(^|_)(password|passwd|passphrase|secret|token|api_?key|private_?key|access_?key|secret_?key|credentials?|auth)$/i;

/** Secrets in `ARG` and `ENV` are in the image's history. */
function judgeValues({ keyword, rest, line }: Step): LineProblem[] {
  const names = namesSet(keyword, rest).filter((name) => SECRET_NAME.test(name));
  const secret = judgeSecretContent(rest);
  return [
    ...names.map((name): LineProblem => ({
      rule: 'secret-in-arg',
      line,
      message: `${name} ends up in the image's history, for everyone to read; use RUN --mount=type=secret`,
    })),
    ...(secret ? [{ rule: 'secret-content' as const, line, message: `${secret.what} is in the Dockerfile` }] : []),
  ];
}

/** Whether the image runs as root: its last `USER`, in its own stages or in its base. */
function rootUser(stage: BuiltStage | undefined, { userOf }: Surroundings): LineProblem[] {
  for (let at = stage; at; at = at.parent) {
    const step = at.steps.findLast(({ keyword }) => keyword === 'USER');
    if (step) return isRoot(step.expand(step.rest) ?? '') ? [root(step.line)] : [];
    if (!at.parent && !isRoot(userOf(at.base) ?? '')) return [];
  }
  return stage ? [root(stage.line)] : [];
}

function root(line: number): LineProblem {
  return { rule: 'root-user', line, message: 'the image runs as root; end its last stage with USER and a number' };
}

/** An unknown user counts as none. */
function isRoot(user: string): boolean {
  return /^(root|0)?(:|$)/.test(user.trim());
}
