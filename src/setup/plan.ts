/** What `harness setup` will do on this machine: decided here, done in `setup.ts`. Pure. */
import { printable } from '../machine/process.ts';
import { adviceFor, startAdvice } from './advice.ts';
import type { InstallPlan } from './install-plan.ts';
import { engineChosenByUser, missingNeeds, type Need } from './needs.ts';
import type { ObservedTools } from './observed.ts';
import { planDebian } from './plan-debian.ts';
import { planUbuntu } from './plan-ubuntu.ts';
import { OLDEST } from './versions.ts';

/** How an installed engine is started: as systemd's service, or as a daemon of its own. */
export type StartDocker = 'systemctl' | 'dockerd';

export interface SetupPlan extends InstallPlan {
  /** Why each thing is done, one sentence each; empty when there is nothing to do. */
  why: string[];
  startDocker: StartDocker | undefined;
  /** The code of the error, should something remain for the user to do. */
  code: 'SETUP' | 'DOCKER_DOWN';
}

const NOTHING: InstallPlan = { install: [], files: [], commands: [], byHand: [] };

/**
 * What has to be done until everything is there and Docker answers. Only what is missing is
 * installed.
 */
export function planSetup(tools: ObservedTools): SetupPlan {
  const missing = missingNeeds(tools);
  const plan = missing.length === 0 ? NOTHING : planInstall(tools, withCompanions(missing, tools));
  const why = missing.map((need) => whyMissing(need, tools));
  const code = missing.length > 0 ? 'SETUP' : 'DOCKER_DOWN';
  if (tools.engine.state === 'up') return { ...plan, why, startDocker: undefined, code };

  if (!missing.includes('engine')) why.push(`Docker does not answer: ${tools.engine.message}`);
  const installed = !missing.includes('engine') || plan.install.includes('engine');
  const mayStart =
    installed &&
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

/** The plan as it is told before anything is done: why, and then exactly what. */
export function planLines(plan: SetupPlan): string[] {
  return [
    ...plan.why,
    ...plan.files.map(({ path }) => `Will write ${path}`),
    ...plan.commands.map((command) => `Will run ${printable(command)}`),
    ...(plan.startDocker === undefined
      ? []
      : [plan.startDocker === 'systemctl' ? 'Will run systemctl start docker' : 'Will start dockerd']),
    ...(plan.byHand.length === 0 ? [] : ['Left to you:', ...plan.byHand.map((line) => `  ${line}`)]),
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

/** Compose is not worth an installation of its own, but is brought along with one. */
function withCompanions(missing: readonly Need[], tools: ObservedTools): Need[] {
  const has = tools.dockerClients.some((client) => client.compose);
  const docker = missing.some((need) => need === 'engine' || need === 'docker' || need === 'buildx');
  return has || !docker ? [...missing] : [...missing, 'compose'];
}

function startLines(tools: ObservedTools, plan: InstallPlan): string[] {
  // The advice for macOS to install Docker Desktop already ends with its start.
  return startAdvice(tools).filter((line) => !plan.byHand.includes(line));
}

function whyMissing(need: Need, tools: ObservedTools): string {
  switch (need) {
    case 'engine':
      return 'There is no Docker engine, in which the cluster’s nodes run.';
    case 'docker':
      return 'There is no docker command, which kind uses.';
    case 'buildx':
      return 'docker buildx is not there, which builds the images.';
    case 'compose':
      return 'docker compose is not there.';
    case 'kind':
      return tools.kind
        ? `kind ${tools.kind.version ?? 'of an unknown version'} at ${tools.kind.path} is older than ${OLDEST.kind}.`
        : 'kind is not there, which makes the cluster.';
  }
}
