import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dockerBuildCommand } from '../../../src/system-images/docker-build.ts';
import { nodeImageDirectory } from '../../../src/system-images/recipe.ts';
import { registryDirectory } from '../../../src/system-images/registry-image.ts';
import { registryVersions, versions } from '../../../src/system-images/versions.ts';

/** Every module of a go.mod, required or replaced, with its version. */
function modulesOf(folder: string): Map<string, string> {
  const text = readFileSync(join(nodeImageDirectory, folder, 'go.mod'), 'utf8');
  return new Map(
    [...text.matchAll(/^\s*(?:require )?([\w.~-]+\.[\w./~-]+) (v\S+)/gm)].map((match) => [
      match[1] ?? '',
      match[2] ?? '',
    ]),
  );
}

describe('versions', () => {
  const components = modulesOf('components');
  const storage = modulesOf('storage');

  it('match the Go modules', () => {
    expect(components.get('k8s.io/kubernetes')).toBe(versions.kubernetes);
    expect(components.get('go.etcd.io/etcd/server/v3')).toBe(`v${versions.images.etcd.replace(/-\d+$/, '')}`);
    expect(storage.get('github.com/rancher/local-path-provisioner')).toBe(versions.localPathProvisioner);
  });

  it("match the registry's Go module", () => {
    const text = readFileSync(join(registryDirectory, 'go.mod'), 'utf8');
    expect(text).toContain(`github.com/distribution/distribution/v3 ${registryVersions.module}\n`);
    expect(registryVersions.published).toMatch(/^registry:[\d.]+@sha256:[0-9a-f]{64}$/);
    expect(registryVersions.published).toContain(`:${registryVersions.module.replace('v', '')}@`);
  });

  it("include kind's image of the same Kubernetes version, by digest", () => {
    expect(versions.kindestNode).toMatch(new RegExp(`^kindest/node:${versions.kubernetes}@sha256:[0-9a-f]{64}$`));
  });

  it('are the same in both Go modules, so that the second one compiles from the cache of the first', () => {
    const different = [...storage].filter(
      ([name, version]) => components.has(name) && components.get(name) !== version,
    );
    expect(different).toEqual([]);
    expect(storage.get('k8s.io/client-go')).toBe(versions.kubernetes.replace('v1.', 'v0.'));
  });

  it('cover every argument of the Dockerfile', () => {
    const dockerfile = readFileSync(join(nodeImageDirectory, 'Dockerfile'), 'utf8');
    const wanted = new Set(
      [...dockerfile.matchAll(/^ARG (.+)$/gm)]
        .flatMap((match) => (match[1] ?? '').split(' '))
        .map((name) => name.split('=')[0]),
    );
    const given = dockerBuildCommand('docker', { debian: 'x', stage: 'node', digest: 'd' }).flatMap(
      (word) => /^--build-arg=(\w+)=./.exec(word)?.[1] ?? [],
    );
    expect(new Set(given)).toEqual(wanted);
  });
});
