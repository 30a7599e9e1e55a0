/**
 * How the tools come onto Ubuntu: Docker and its plugins from its own archive, kind (not packaged
 * there) from source.
 */
import { APT_GET, APT_INSTALL, type Command } from '../apt/install.ts';
import { isAtLeast } from '../core/version.ts';
import { adviceFor } from './advice.ts';
import type { InstallPlan } from './install-plan.ts';
import type { Need } from './needs.ts';
import type { ObservedTools } from './observed.ts';
import { kindFromSource, packagesFor, ubuntuPackages } from './packages.ts';
import { OLDEST } from './versions.ts';

/** @param needs what to install; not empty. */
export function planUbuntu(tools: ObservedTools, needs: Need[]): InstallPlan {
  const { platform, apt, go } = tools;
  if (!platform.root) return { install: [], files: [], commands: [], byHand: adviceFor(tools, needs) };

  const kindFromHere = needs.includes('kind') && isAtLeast(go?.version, OLDEST.go);
  const install = needs.filter((need) => need !== 'kind' || kindFromHere);
  const packages = packagesFor(install, ubuntuPackages, apt?.dockerCe);
  const commands: Command[] = [];
  if (packages.length > 0) commands.push([...APT_GET, 'update'], [...APT_INSTALL, ...packages]);
  if (kindFromHere) commands.push(kindFromSource('/usr/local/bin'));
  const byHand = needs.includes('kind') && !kindFromHere ? adviceFor(tools, ['kind']) : [];
  return { install, files: [], commands, byHand };
}
