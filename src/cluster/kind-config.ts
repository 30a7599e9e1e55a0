import { isMap, isSeq, parseDocument, type Document, type YAMLSeq } from 'yaml';
import { HarnessError } from '../core/error.ts';
import type { HostQuirks } from './host-quirks.ts';

/** What a cluster is to be like, apart from the machine it runs on. */
export interface ClusterShape {
  /** kind's name of the cluster. */
  name: string;
  /** How many nodes: one control plane, the rest workers. Ignored where `userConfig` has nodes. */
  nodes?: number | undefined;
  /** The text of the user's own kind configuration. */
  userConfig?: string | undefined;
}

/**
 * The configuration for `kind create cluster --config`. What this harness and the machine need
 * comes before the user's own patches, so where both say something the user's word is the last.
 * @throws HarnessError CONFIG when the user's text is not a kind configuration.
 */
export function kindConfig(shape: ClusterShape, quirks: HostQuirks): string {
  const document =
    shape.userConfig === undefined
      ? parseDocument('kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\n')
      : parseUser(shape.userConfig);
  document.set('name', shape.name);
  if (quirks.restrictOomScore && !document.hasIn(['featureGates', USER_NAMESPACE])) {
    document.setIn(['featureGates', USER_NAMESPACE], true);
  }
  if (quirks.cgroupV1) prepend(document, 'kubeadmConfigPatches', ['kind: KubeletConfiguration\nfailCgroupV1: false\n']);
  prepend(document, 'containerdConfigPatches', containerdPatches(quirks));
  if (!document.has('nodes')) {
    const workers = Math.max(0, (shape.nodes ?? 1) - 1);
    document.set(
      'nodes',
      document.createNode([
        { role: 'control-plane' },
        ...Array<unknown>(workers)
          .fill(0)
          .map(() => ({ role: 'worker' })),
      ]),
    );
  }
  return document.toString({ lineWidth: 0 });
}

/**
 * The gate that makes a kubelet go on where the kernel refuses what it asks for, a negative OOM
 * score among it. It is meant for user namespaces, but asks for none.
 */
const USER_NAMESPACE = 'KubeletInUserNamespace';

/**
 * Patches for both formats of containerd's configuration: kind takes those of the node image's
 * format and leaves the others (since kind 0.31). `config_path` is where a registry's mirrors can
 * be named while the cluster runs.
 */
function containerdPatches(quirks: HostQuirks): string[] {
  const patch = (version: number, runtime: string, images: string) =>
    [
      `version = ${version}`,
      ...(quirks.restrictOomScore ? [`[plugins."${runtime}"]`, '  restrict_oom_score_adj = true'] : []),
      `[plugins."${images}".registry]`,
      '  config_path = "/etc/containerd/certs.d"',
      '',
    ].join('\n');
  return [
    patch(2, 'io.containerd.grpc.v1.cri', 'io.containerd.grpc.v1.cri'),
    patch(3, 'io.containerd.cri.v1.runtime', 'io.containerd.cri.v1.images'),
  ];
}

function parseUser(text: string): Document {
  const document = parseDocument(text);
  const wrong = (what: string) =>
    new HarnessError('CONFIG', `The kind configuration ${what}.`, {
      next: 'It must be one YAML document with `kind: Cluster` and `apiVersion: kind.x-k8s.io/v1alpha4`.',
    });
  const [error] = document.errors;
  if (error) throw wrong(`is not valid YAML: ${error.message}`);
  if (!isMap(document.contents)) throw wrong('is not a mapping');
  if (document.get('kind') !== 'Cluster') throw wrong(`has the kind ${JSON.stringify(document.get('kind'))}`);
  for (const key of ['kubeadmConfigPatches', 'containerdConfigPatches', 'nodes', 'featureGates']) {
    const value = document.get(key);
    if (value === null || value === undefined) document.delete(key);
    else if (key === 'featureGates' && !isMap(value)) throw wrong('has `featureGates` that are not a mapping');
    else if (key !== 'featureGates' && !isSeq(value)) throw wrong(`has a \`${key}\` that is not a list`);
  }
  return document;
}

function prepend(document: Document, key: string, patches: string[]): void {
  const nodes = patches.map((patch) => document.createNode(patch));
  const list = document.get(key);
  if (isSeq(list)) list.items.unshift(...nodes);
  else document.set(key, Object.assign(document.createNode([]) as YAMLSeq, { items: nodes }));
}
