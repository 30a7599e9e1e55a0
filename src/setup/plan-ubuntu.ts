/**
 * Plans the installation on Ubuntu: Docker and its plugins from Ubuntu's archive, and kind, which
 * is not packaged, from source.
 */
import { APT_GET, APT_INSTALL, type Command } from '../apt/install.ts';
import { isAtLeast } from '../core/version.ts';
import { adviceFor } from './advice.ts';
import type { InstallPlan } from './install-plan.ts';
import type { Need } from './needs.ts';
import type { ObservedTools } from './observed.ts';
import { kindFromSource, packagesFor, ubuntuPackages } from './packages.ts';
import { OLDEST } from './versions.ts';

/** @param needs what to install; not empty */
export function planUbuntu(tools: ObservedTools, needs: Need[]): InstallPlan {
  const { platform, apt, go } = tools;
  if (!platform.root) return { install: [], files: [], commands: [], byHand: adviceFor(tools, needs) };

  const canBuildKind = needs.includes('kind') && isAtLeast(go?.version, OLDEST.go);
  const install = needs.filter((need) => need !== 'kind' || canBuildKind);
  const packages = packagesFor(install, ubuntuPackages, apt?.dockerCe);
  const commands: Command[] = [];
  if (packages.length > 0) commands.push([...APT_GET, 'update'], [...APT_INSTALL, ...packages]);
  if (canBuildKind) commands.push(kindFromSource('/usr/local/bin'));
  const byHand = needs.includes('kind') && !canBuildKind ? adviceFor(tools, ['kind']) : [];
  return { install, files: [], commands, byHand };
}
