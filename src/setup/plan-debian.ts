/**
 * Plans the installation on Debian. Its stable releases have no kind, and an old Docker or no
 * buildx. These come from a newer suite of the same archive, which is pinned low, so that apt
 * installs nothing else from it.
 */
import { additionalSuite } from '../apt/additional-suite.ts';
import { APT_GET, APT_INSTALL, type Command } from '../apt/install.ts';
import { printable } from '../machine/process.ts';
import type { InstallPlan } from './install-plan.ts';
import type { Need } from './needs.ts';
import type { ObservedTools } from './observed.ts';
import { debianPackages, NEWER_SUITE, NEWER_SUITE_VERSION, packagesFor } from './packages.ts';

/** @param needs what to install; not empty */
export function planDebian(tools: ObservedTools, needs: Need[]): InstallPlan {
  const suite = isOld(tools) ? NEWER_SUITE : undefined;
  const packages = packagesFor(needs, debianPackages(suite), tools.apt?.dockerCe);
  const files = packages.some((name) => name.includes('/')) ? newerSuiteFiles(tools) : [];
  if (files === undefined) {
    const system = tools.platform.distribution?.name ?? 'this Debian';
    return {
      install: [],
      files: [],
      commands: [],
      byHand: [`# apt's sources have no archive with "main" of ${system}: add one to /etc/apt/sources.list.d`],
    };
  }
  const commands: Command[] = [
    [...APT_GET, 'update'],
    [...APT_INSTALL, ...packages],
  ];
  if (tools.platform.root) return { install: needs, files, commands, byHand: [] };
  return { install: [], files: [], commands: [], byHand: shellLines(files, commands) };
}

/** The plan as commands for a terminal. */
export function debianAdvice(tools: ObservedTools, needs: Need[]): string[] {
  return planDebian({ ...tools, platform: { ...tools.platform, root: false } }, needs).byHand;
}

function newerSuiteFiles({ apt, platform }: ObservedTools): InstallPlan['files'] | undefined {
  return additionalSuite(apt?.sources ?? [], NEWER_SUITE, platform.distribution?.codename);
}

/** Whether the release lacks packages. Testing and unstable have no version, and lack none. */
function isOld(tools: ObservedTools): boolean {
  const version = tools.platform.distribution?.version;
  return version !== undefined && Number.parseInt(version, 10) < NEWER_SUITE_VERSION;
}

function shellLines(files: InstallPlan['files'], commands: readonly Command[]): string[] {
  return [
    ...files.flatMap(({ path, text }) => [`sudo tee ${path} <<'EOF'`, ...text.trimEnd().split('\n'), 'EOF']),
    ...commands.map((command) => `sudo ${printable(command)}`),
  ];
}
