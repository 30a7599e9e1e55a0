/**
 * All versions of the node image. The `go.mod` files in harness/node-image have the same versions;
 * a test checks this. The image tags are those that kubeadm of this Kubernetes version needs.
 */
export const versions = {
  kubernetes: 'v1.36.4',
  /** The image in kind 0.33's release notes for this Kubernetes version, including its digest. */
  kindestNode: 'kindest/node:v1.36.4@sha256:099e049362a1526b2db71494e1947aae99bd16290d7c895f2b7ea312e3cbfaed',
  /** Tags from kubeadm's constants. The programs in these images may be newer (see go.mod). */
  images: { etcd: '3.6.8-0', coredns: 'v1.14.2', pause: '3.10.2' },
  /** The storage provisioner's Go module, and the tag of its image. */
  localPathProvisioner: 'v0.0.30',
  /** The Debian release of nodes. Its systemd still starts on cgroup v1; from 256 on it refuses. */
  debianSuite: 'bookworm',
  /** The additional release, for containerd 2, the CNI plugins and Go. */
  programSuite: 'forky',
  /** Debian's Go package in `programSuite`, and the oldest Go that can fetch the one in go.mod. */
  go: { package: 'golang-1.26-go', directory: '/usr/lib/go-1.26/bin', atLeast: [1, 21] },
} as const;

/**
 * The local registry. It is separate from `versions`, because the node image does not depend on it.
 */
export const registryVersions = {
  /** The image that the project publishes, including its digest: the tag may move. */
  published: 'registry:3.0.0@sha256:6c5666b861f3505b116bb9aa9b25175e71210414bd010d92035ff64018f9457e',
  /** Its Go module, as harness/registry/go.mod names it. */
  module: 'v3.0.0',
} as const;
