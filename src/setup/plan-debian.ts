/**
 * How the tools come onto Debian. Its stable releases lack kind and carry an old Docker or no
 * buildx, so these come from a newer suite of the same archive, installed beside the release:
 * pinned low, so that nothing else is ever taken from there.
 */
import { additionalSuite } from '../apt/additional-suite.ts';
import { APT_GET, APT_INSTALL, type Command } from '../apt/install.ts';
import { printable } from '../machine/process.ts';
import type { InstallPlan } from './install-plan.ts';
import type { Need } from './needs.ts';
import type { ObservedTools } from './observed.ts';
import { debianPackages, NEWER_SUITE, NEWER_SUITE_VERSION, packagesFor } from './packages.ts';

/** @param needs what to install; not empty. */
export function planDebian(tools: ObservedTools, needs: Need[]): InstallPlan {
  const suite = isOld(tools) ? NEWER_SUITE : undefined;
  const packages = packagesFor(needs, debianPackages(suite), tools.apt?.dockerCe);
  const files = packages.some((name) => name.includes('/')) ? newerSuiteFiles(tools) : [];
  if (files === undefined) {
    const found = tools.platform.distribution?.name ?? 'this Debian';
    return {
      install: [],
      files: [],
      commands: [],
      byHand: [`# apt's sources name no archive with "main" of ${found}: add one to /etc/apt/sources.list.d`],
    };
  }
  const commands: Command[] = [
    [...APT_GET, 'update'],
    [...APT_INSTALL, ...packages],
  ];
  if (tools.platform.root) return { install: needs, files, commands, byHand: [] };
  return { install: [], files: [], commands: [], byHand: asTyped(files, commands) };
}

/** The same as commands for a terminal. */
export function debianAdvice(tools: ObservedTools, needs: Need[]): string[] {
  return planDebian({ ...tools, platform: { ...tools.platform, root: false } }, needs).byHand;
}

function newerSuiteFiles({ apt, platform }: ObservedTools): InstallPlan['files'] | undefined {
  return additionalSuite(apt?.sources ?? [], NEWER_SUITE, platform.distribution?.codename);
}

/** Testing and unstable have no version, and have everything themselves. */
function isOld(tools: ObservedTools): boolean {
  const version = tools.platform.distribution?.version;
  return version !== undefined && Number.parseInt(version, 10) < NEWER_SUITE_VERSION;
}

function asTyped(files: InstallPlan['files'], commands: readonly Command[]): string[] {
  return [
    ...files.flatMap(({ path, text }) => [`sudo tee ${path} <<'EOF'`, ...text.trimEnd().split('\n'), 'EOF']),
    ...commands.map((command) => `sudo ${printable(command)}`),
  ];
}
