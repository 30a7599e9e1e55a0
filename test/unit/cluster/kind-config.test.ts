import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { hostQuirks } from '../../../src/cluster/host-quirks.ts';
import { kindConfig, namedNodeImages } from '../../../src/cluster/kind-config.ts';
import { HarnessError } from '../../../src/core/error.ts';

const plain = { cgroupV1: false, restrictOomScore: false };
const quirky = { cgroupV1: true, restrictOomScore: true };

describe('hostQuirks', () => {
  it('follow from the observations', () => {
    expect(hostQuirks({ cgroupVersion: '2', negativeOomScore: true })).toEqual(plain);
    expect(hostQuirks({ cgroupVersion: '1', negativeOomScore: false })).toEqual(quirky);
    expect(hostQuirks({ cgroupVersion: undefined, negativeOomScore: true })).toEqual(plain);
  });
});

describe('kindConfig', () => {
  it('of an ordinary host only sets where registries are configured', () => {
    expect(kindConfig({ name: 'demo', nodes: 3 }, plain)).toMatchInlineSnapshot(`
      "kind: Cluster
      apiVersion: kind.x-k8s.io/v1alpha4
      name: demo
      containerdConfigPatches:
        - |
          version = 2
          [plugins."io.containerd.grpc.v1.cri".registry]
            config_path = "/etc/containerd/certs.d"
        - |
          version = 3
          [plugins."io.containerd.cri.v1.images".registry]
            config_path = "/etc/containerd/certs.d"
      nodes:
        - role: control-plane
        - role: worker
        - role: worker
      "
    `);
  });

  it.each<[string | undefined, boolean]>([
    ['kind-harness/node:v1.36.4-a9d9a52ea0a3', true],
    ['kindest/node:v1.35.0@sha256:1234', true],
    ['kindest/node:v1.34.2', false],
    ['localhost:5000/node:latest', false],
    [undefined, false],
  ])('shortens the pauses before restarts if the kubelet of %s can', (nodeImage, can) => {
    const config = kindConfig({ name: 'demo', versions: nodeImage === undefined ? [] : [nodeImage] }, plain);
    expect(config.includes('maxContainerRestartPeriod: 10s')).toBe(can);
  });

  it('of a host with quirks has a setting for each of them', () => {
    const config = kindConfig({ name: 'demo' }, quirky);
    expect(parse(config)).toMatchObject({
      featureGates: { KubeletInUserNamespace: true },
      kubeadmConfigPatches: ['kind: KubeletConfiguration\nfailCgroupV1: false\n'],
      nodes: [{ role: 'control-plane' }],
    });
    expect(config.match(/restrict_oom_score_adj = true/g)).toHaveLength(2);
  });

  it("keeps the user's configuration, whose patches come last and win", () => {
    const userConfig = `# mine
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
name: theirs
featureGates: {KubeletInUserNamespace: false, Other: true}
networking:
  ipFamily: dual # both
kubeadmConfigPatches:
  - |
    kind: KubeletConfiguration
    maxPods: 7
nodes:
  - role: control-plane
    extraPortMappings: [{containerPort: 30000, hostPort: 30000}]
`;
    const config = kindConfig({ name: 'demo', nodes: 5, userConfig }, quirky);
    expect(config).toContain('# mine');
    expect(config).toContain('ipFamily: dual # both');
    const parsed = parse(config) as Record<string, unknown>;
    expect(parsed).toMatchObject({
      name: 'demo',
      featureGates: { KubeletInUserNamespace: false, Other: true },
      nodes: [{ role: 'control-plane', extraPortMappings: [{ containerPort: 30000 }] }],
    });
    expect(parsed['kubeadmConfigPatches']).toEqual([
      expect.stringContaining('failCgroupV1'),
      expect.stringContaining('maxPods: 7'),
    ]);
    expect(parsed['containerdConfigPatches']).toHaveLength(2);
  });

  it('keeps the images that its nodes name, and gives the others theirs', () => {
    const userConfig = `kind: Cluster
nodes:
  - role: control-plane
    image: mine:1
  - &worker { role: worker }
  - *worker
`;
    expect(namedNodeImages(userConfig)).toEqual(['mine:1', undefined, undefined]);
    const config = kindConfig({ name: 'demo', userConfig, images: ['mine:1', 'harness:1', 'harness:2'] }, plain);
    expect(parse(config)).toMatchObject({
      nodes: [
        { role: 'control-plane', image: 'mine:1' },
        { role: 'worker', image: 'harness:1' },
        { role: 'worker', image: 'harness:2' },
      ],
    });
    expect(namedNodeImages('kind: Cluster\nnodes:\n')).toEqual([]);
  });

  it('treats empty lists as absent', () => {
    const config = kindConfig(
      { name: 'demo', userConfig: 'kind: Cluster\ncontainerdConfigPatches:\nfeatureGates:\nnodes:\n' },
      quirky,
    );
    expect(parse(config)).toMatchObject({
      featureGates: { KubeletInUserNamespace: true },
      nodes: [{ role: 'control-plane' }],
    });
  });

  it.each([
    ['kind: [', /not valid YAML/],
    ['- 1', /not a mapping/],
    ['kind: Pod', /has the kind "Pod"/],
    ['kind: Cluster\nnodes: 3', /`nodes` that is not a list/],
    ['kind: Cluster\nfeatureGates: [x]', /not a mapping/],
  ])('refuses %j', (userConfig, message) => {
    const attempt = () => kindConfig({ name: 'demo', userConfig }, plain);
    expect(attempt).toThrow(message);
    expect(attempt).toThrow(expect.objectContaining({ code: 'CONFIG' } satisfies Partial<HarnessError>));
  });
});
