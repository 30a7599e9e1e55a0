import { DeployedConfig } from '../applying/config-digest.ts';
import { settleImages } from '../building/settle-images.ts';
import { currentCluster } from '../cluster/current.ts';
import { assertOwn } from '../cluster/ownership.ts';
import { clusterStatus } from '../cluster/status.ts';
import type { DeployStep } from '../config/deploy-step.ts';
import { HarnessError } from '../core/error.ts';
import { digestsOf } from '../loading/image-digest.ts';
import type { NamedImage } from '../loading/loaded-image.ts';
import { secretKey } from '../machine/secret-key.ts';
import type { Difference } from '../rendering/decide-difference.ts';
import { openContext } from '../rendering/deploy-steps.ts';
import { diffStep } from '../rendering/diff-steps.ts';
import type { Session } from '../session.ts';

/** What a part of the deployment would change. */
export interface StepDifference {
  /** `manifests`, or the place of a step. */
  place: string;
  differences: Difference[];
}

/**
 * What a deployment would change in the cluster now. Changes nothing, and builds nothing: an image
 * that is not fresh counts as it is, and a note names it.
 * @throws HarnessError CLUSTER if the cluster is not running
 */
export async function diffDeployment(session: Session): Promise<StepDifference[]> {
  const { config, engine, emit } = session;
  const state = await currentCluster(engine, config);
  await assertOwn(session, state);
  const { kubeconfig, state: running } = await clusterStatus(session);
  if (kubeconfig === null || running !== 'running') {
    throw new HarnessError('CLUSTER', `The cluster ${config.cluster.name} is not running: everything would be new.`, {
      next: 'Run `harness up` first.',
    });
  }
  const images: NamedImage[] = [];
  for (const { image, decision, built } of await Promise.all(
    (await settleImages(session, config.images, { tier: 'test-cached', lookOnly: true })).values(),
  )) {
    if (decision.action !== 'skip')
      emit({ type: 'note', level: 'info', message: `image ${image.name} would be built first: ${decision.reason}` });
    const digest = built && digestsOf(session).of(built);
    images.push({ name: image.name, reference: image.reference, ...(digest === undefined ? {} : { digest }) });
  }
  for (const { name, reference } of config.others) {
    const found = await engine.image(reference);
    const digest = found && digestsOf(session).of(found);
    images.push({ name, reference, ...(digest === undefined ? {} : { digest }) });
  }
  const context = await openContext(session, { cluster: { kubeconfig, nodes: state.nodes }, images });
  const { namespace, timeouts, manifests: files } = config;
  const first: DeployStep = { kind: 'manifests', place: 'manifests', namespace, timeout: timeouts.deploy, files };
  const settings = config.deploy.restartOnConfigChange ? new DeployedConfig(() => secretKey(session.env)) : undefined;
  const found: StepDifference[] = [];
  for (const step of [...(files.length > 0 ? [first] : []), ...config.deploy.steps])
    found.push({ place: step.place, differences: await diffStep(step, context, settings) });
  return found;
}
