/** Decides what `harness setup` does on this machine. `setup.ts` does it. Pure. */
import { printable } from '../machine/process.ts';
import { adviceFor, startAdvice } from './advice.ts';
import type { InstallPlan } from './install-plan.ts';
import { engineChosenByUser, missingNeeds, type Need } from './needs.ts';
import type { ObservedTools } from './observed.ts';
import { planDebian } from './plan-debian.ts';
import { planUbuntu } from './plan-ubuntu.ts';
import { OLDEST } from './versions.ts';

/** How to start an installed engine: as a service of systemd, or as a separate daemon. */
export type StartDocker = 'systemctl' | 'dockerd';

export interface SetupPlan extends InstallPlan {
  /** The reason for each action, one sentence each; empty if there is nothing to do. */
  why: string[];
  startDocker: StartDocker | undefined;
  /** The code of the error if something is left to the user. */
  code: 'SETUP' | 'DOCKER_DOWN';
}

const NOTHING: InstallPlan = { install: [], files: [], commands: [], byHand: [] };

/** The actions after which no tool is missing and Docker answers. */
export function planSetup(tools: ObservedTools): SetupPlan {
  const missing = missingNeeds(tools);
  const plan = missing.length === 0 ? NOTHING : planInstall(tools, withCompanions(missing, tools));
  const why = missing.map((need) => whyMissing(need, tools));
  const code = missing.length > 0 ? 'SETUP' : 'DOCKER_DOWN';
  if (tools.engine.state === 'up') return { ...plan, why, startDocker: undefined, code };

  if (!missing.includes('engine')) why.push(`Docker does not answer: ${tools.engine.message}`);
  const isInstalled = !missing.includes('engine') || plan.install.includes('engine');
  const mayStart =
    isInstalled &&
    tools.engine.reason !== 'denied' &&
    tools.platform.root &&
    tools.platform.os === 'linux' &&
    !engineChosenByUser(tools);
  if (mayStart) return { ...plan, why, startDocker: tools.platform.systemd ? 'systemctl' : 'dockerd', code };
  return { ...plan, why, code, startDocker: undefined, byHand: [...plan.byHand, ...startLines(tools, plan)] };
}

/** Whether there is nothing to do. */
export function nothingToDo(plan: SetupPlan): boolean {
  return plan.why.length === 0;
}

/** The plan as notes for the user: the reasons, then the actions. */
export function planLines(plan: SetupPlan): string[] {
  return [
    ...plan.why,
    ...plan.files.map(({ path }) => `will write ${path}`),
    ...plan.commands.map((command) => `will run ${printable(command)}`),
    ...(plan.startDocker === undefined
      ? []
      : [plan.startDocker === 'systemctl' ? 'will run systemctl start docker' : 'will start dockerd']),
    ...(plan.byHand.length === 0 ? [] : ['left to you:', ...plan.byHand.map((line) => `  ${line}`)]),
  ];
}

function planInstall(tools: ObservedTools, needs: Need[]): InstallPlan {
  switch (tools.platform.distribution?.id) {
    case 'debian':
      return planDebian(tools, needs);
    case 'ubuntu':
      return planUbuntu(tools, needs);
    default:
      return { ...NOTHING, byHand: adviceFor(tools, needs) };
  }
}

/** Compose alone is no reason to install anything, but it is installed along with Docker. */
function withCompanions(missing: readonly Need[], tools: ObservedTools): Need[] {
  const hasCompose = tools.dockerClients.some((client) => client.compose);
  const installsDocker = missing.some((need) => need === 'engine' || need === 'docker' || need === 'buildx');
  return hasCompose || !installsDocker ? [...missing] : [...missing, 'compose'];
}

function startLines(tools: ObservedTools, plan: InstallPlan): string[] {
  // On macOS, the commands to install Docker Desktop already include the one that starts it.
  return startAdvice(tools).filter((line) => !plan.byHand.includes(line));
}

function whyMissing(need: Need, tools: ObservedTools): string {
  switch (need) {
    case 'engine':
      return 'No Docker engine is installed; the nodes of the cluster run in it.';
    case 'docker':
      return 'No docker command is installed; kind uses it.';
    case 'buildx':
      return 'docker buildx is not installed; it builds the images.';
    case 'compose':
      return 'docker compose is not installed.';
    case 'kind':
      return tools.kind
        ? `kind ${tools.kind.version ?? 'of an unknown version'} at ${tools.kind.path} is older than ${OLDEST.kind}.`
        : 'kind is not installed; it creates the cluster.';
  }
}
