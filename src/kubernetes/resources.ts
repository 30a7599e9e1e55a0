import { KubeApiError, kubeRequest, type KubeAccess, type KubeObject } from './api.ts';

interface ApiResource {
  name: string;
  kind: string;
  namespaced: boolean;
}

/** Finds the API path of objects of any kind. Asks the server once for each group and version. */
export class KubeResources {
  readonly #kube: KubeAccess;
  readonly #known = new Map<string, ApiResource[]>();
  /** Several objects of a kind are applied at the same time, and one question is enough. */
  readonly #asked = new Map<string, Promise<ApiResource[]>>();

  constructor(kube: KubeAccess) {
    this.#kube = kube;
  }

  /**
   * The API resource of a kind.
   * @throws KubeApiError (404) when the server has no such group and version, or the group has no
   * such kind
   */
  async find(apiVersion: string, kind: string): Promise<ApiResource> {
    const cached = this.#known.get(apiVersion)?.find((resource) => resource.kind === kind);
    if (cached) return cached;
    // Ask again for an unknown kind: a CustomResourceDefinition may have been applied meanwhile.
    const found = (await this.#ask(apiVersion)).find((resource) => resource.kind === kind);
    if (!found) throw new KubeApiError(404, `the server has no kind ${kind} in ${apiVersion}`);
    return found;
  }

  /** The versions of a group in which the server has a kind, the preferred one first. */
  async versionsWith(group: string, kind: string): Promise<string[]> {
    const { versions } = await kubeRequest<{ versions: { groupVersion: string }[] }>(
      this.#kube,
      'GET',
      `/apis/${group}`,
    );
    const having = await Promise.all(
      versions.map(async ({ groupVersion }) =>
        this.find(groupVersion, kind).then(
          () => groupVersion,
          () => undefined,
        ),
      ),
    );
    return having.filter((version) => version !== undefined);
  }

  async #ask(apiVersion: string): Promise<ApiResource[]> {
    const asked = this.#asked.get(apiVersion) ?? this.#list(apiVersion);
    this.#asked.set(apiVersion, asked);
    try {
      return await asked;
    } finally {
      this.#asked.delete(apiVersion);
    }
  }

  async #list(apiVersion: string): Promise<ApiResource[]> {
    const list = await kubeRequest<{ resources: ApiResource[] }>(this.#kube, 'GET', groupPath(apiVersion));
    const resources = list.resources.filter((resource) => !resource.name.includes('/'));
    this.#known.set(apiVersion, resources);
    return resources;
  }

  /**
   * The path of one object. If its kind is namespaced and it names no namespace, uses the given
   * one.
   */
  async pathOf(object: KubeObject, namespace: string): Promise<string> {
    const resource = await this.find(object.apiVersion, object.kind);
    const scope = resource.namespaced
      ? `/namespaces/${encodeURIComponent(object.metadata.namespace ?? namespace)}`
      : '';
    return `${groupPath(object.apiVersion)}${scope}/${resource.name}/${encodeURIComponent(object.metadata.name)}`;
  }
}

function groupPath(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}
