import { ApplyRun } from '../applying/apply-run.ts';
import { recordPlace } from '../applying/applied-record.ts';
import { DeployedConfig } from '../applying/config-digest.ts';
import { oncePer } from '../core/once-per.ts';
import { openAccess } from '../kubernetes/access.ts';
import type { KubeAccess } from '../kubernetes/api.ts';
import { KubeResources } from '../kubernetes/resources.ts';
import { secretKey } from '../machine/secret-key.ts';
import type { Session } from '../session.ts';

/** What the deployments of a run share: the manifests and the steps after them. */
export interface SharedDeployment {
  kube: KubeAccess;
  resources: KubeResources;
  /** Finish it when all are done: what left the manifests is removed then. */
  run: ApplyRun;
  /** The ConfigMaps and Secrets; undefined if their changes restart nothing. */
  config: DeployedConfig | undefined;
  maxRestarts: number;
  recreateImmutable: boolean;
  note: (message: string) => void;
}

const shared = oncePer((_: Session) => new Map<string, Promise<SharedDeployment>>());

/** The shared part of a run's deployments. It is opened once for each session. */
export function sharedDeployment(session: Session, kubeconfig: string): Promise<SharedDeployment> {
  const known = shared(session).get(kubeconfig) ?? open(session, kubeconfig);
  shared(session).set(kubeconfig, known);
  return known;
}

async function open({ config, env, emit, signal }: Session, kubeconfig: string): Promise<SharedDeployment> {
  const kube = await openAccess(kubeconfig);
  const resources = new KubeResources(kube);
  const note = (message: string) => emit({ type: 'note', level: 'info', message });
  const key = secretKey(env);
  const { maxRestarts, restartOnConfigChange, recreateImmutable } = config.deploy;
  return {
    kube,
    resources,
    run: await ApplyRun.open({ kube, resources, place: recordPlace(config), key, note, signal }),
    config: restartOnConfigChange ? new DeployedConfig(() => key) : undefined,
    maxRestarts,
    recreateImmutable,
    note,
  };
}
