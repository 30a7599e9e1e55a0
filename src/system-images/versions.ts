/**
 * Every version of the node image, in one place. `go.mod` below harness/node-image names the same
 * ones (a test checks it); the image tags are those that kubeadm of this Kubernetes version asks
 * for.
 */
export const versions = {
  kubernetes: 'v1.36.4',
  /**
   * The image that kind 0.33's release notes list for this Kubernetes version; the digest is part
   * of the promise.
   */
  kindestNode: 'kindest/node:v1.36.4@sha256:099e049362a1526b2db71494e1947aae99bd16290d7c895f2b7ea312e3cbfaed',
  /** Tags, as kubeadm's constants say. The programs behind them may be newer (see go.mod). */
  images: { etcd: '3.6.8-0', coredns: 'v1.14.2', pause: '3.10.2' },
  /** The storage provisioner's Go module, and the tag of its image. */
  localPathProvisioner: 'v0.0.30',
  /**
   * The Debian release that nodes run: its systemd still starts on cgroup v1 (from 256 on it
   * refuses).
   */
  debianSuite: 'bookworm',
  /** The release that containerd 2, the CNI plugins and Go come from, beside the first. */
  programSuite: 'forky',
  /**
   * Debian's Go package in `programSuite`, and the oldest Go that can fetch the one that go.mod
   * wants.
   */
  go: { package: 'golang-1.26-go', directory: '/usr/lib/go-1.26/bin', atLeast: [1, 21] },
} as const;

/**
 * The registry beside the cluster. Apart from the others, because the node image does not depend on
 * it.
 */
export const registryVersions = {
  /** The image that the project publishes. */
  published: 'registry:3',
  /** Its Go module, as harness/registry/go.mod names it. */
  module: 'v3.0.0',
} as const;
