import { isMap, isSeq, parseDocument, type Document, type YAMLSeq } from 'yaml';
import { HarnessError } from '../core/error.ts';
import type { HostQuirks } from './host-quirks.ts';

/** What a cluster should be, apart from the machine it runs on. */
export interface ClusterShape {
  /** kind's name of the cluster. */
  name: string;
  /** Number of nodes: one control plane, the rest workers. Ignored if `userConfig` has nodes. */
  nodes?: number | undefined;
  /** The text of the user's own kind configuration. */
  userConfig?: string | undefined;
  /** The references of all node images, whose tags tell the versions of Kubernetes. */
  versions?: readonly string[] | undefined;
  /** The image of each node, in the order of the configuration. Default: kind's own choice. */
  images?: readonly string[] | undefined;
}

/**
 * The images that the user's kind configuration names, one for each of its nodes: undefined for a
 * node that names none. Empty if the configuration lists no nodes.
 * @throws HarnessError CONFIG when the text is not a kind configuration
 */
export function namedNodeImages(userConfig: string): (string | undefined)[] {
  const { nodes } = parseUser(userConfig).toJS() as { nodes?: ({ image?: unknown } | null)[] };
  return (nodes ?? []).map((node) => (typeof node?.image === 'string' && node.image !== '' ? node.image : undefined));
}

/**
 * The configuration for `kind create cluster --config`. The patches for the harness and the machine
 * come before the user's own, so the user's override them.
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
  if (haveSettings(shape.versions)) prepend(document, 'kubeadmConfigPatches', [KUBELET_SETTINGS]);
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
  if (shape.images) setImages(document, shape.images);
  return document.toString({ lineWidth: 0 });
}

/**
 * The longest pause before a crashed container is started again is five minutes in the kubelet; the
 * first one is ten seconds anyway. And a kubelet that pulled an image itself takes the same image
 * under another name for missing, also if it was loaded, unless it does not verify credentials.
 */
const KUBELET_SETTINGS = [
  'kind: KubeletConfiguration',
  'crashLoopBackOff:',
  '  maxContainerRestartPeriod: 10s',
  'imagePullCredentialsVerificationPolicy: NeverVerify',
  '',
].join('\n');

/**
 * Whether the kubelets of all node images know these settings and have their features on. Earlier
 * ones refuse to start with them, so an unknown version gets none.
 */
function haveSettings(nodeImages: readonly string[] = []): boolean {
  const versions = nodeImages.map((image) => /:v(\d+)\.(\d+)\./.exec(image));
  return (
    versions.length > 0 &&
    versions.every((found) => Number(found?.[1]) > 1 || (Number(found?.[1]) === 1 && Number(found?.[2]) >= 35))
  );
}

/**
 * The feature gate that makes a kubelet continue when the kernel refuses a request, such as a
 * negative OOM score. It is meant for user namespaces, but does not require one.
 */
const USER_NAMESPACE = 'KubeletInUserNamespace';

/**
 * Patches for both formats of containerd's configuration. kind applies those of the node image's
 * format and ignores the others (since kind 0.31). Registry mirrors can be added below
 * `config_path` while the cluster runs.
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
  const invalid = (problem: string) =>
    new HarnessError('CONFIG', `The kind configuration ${problem}.`, {
      next: 'It must be one YAML document with `kind: Cluster` and `apiVersion: kind.x-k8s.io/v1alpha4`.',
    });
  const [error] = document.errors;
  if (error) throw invalid(`is not valid YAML: ${error.message}`);
  if (!isMap(document.contents)) throw invalid('is not a mapping');
  if (document.get('kind') !== 'Cluster') throw invalid(`has the kind ${JSON.stringify(document.get('kind'))}`);
  for (const key of ['kubeadmConfigPatches', 'containerdConfigPatches', 'nodes', 'featureGates']) {
    const value = document.get(key);
    if (value === null || value === undefined) document.delete(key);
    else if (key === 'featureGates' && !isMap(value)) throw invalid('has `featureGates` that are not a mapping');
    else if (key !== 'featureGates' && !isSeq(value)) throw invalid(`has a \`${key}\` that is not a list`);
  }
  return document;
}

function setImages(document: Document, images: readonly string[]): void {
  const { items } = document.get('nodes') as YAMLSeq;
  images.forEach((image, index) => {
    const item = items[index];
    // An alias stands for a node that was written elsewhere, maybe with another image.
    if (isMap(item)) item.set('image', image);
    else items[index] = document.createNode({ ...(document.toJS() as { nodes: object[] }).nodes[index], image });
  });
}

function prepend(document: Document, key: string, patches: string[]): void {
  const nodes = patches.map((patch) => document.createNode(patch));
  const list = document.get(key);
  if (isSeq(list)) list.items.unshift(...nodes);
  else document.set(key, Object.assign(document.createNode([]) as YAMLSeq, { items: nodes }));
}
