import type { IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { text } from 'node:stream/consumers';
import type { KubernetesListObject, KubernetesObject } from '@kubernetes/client-node';

/** A Kubernetes object, from a manifest or from the API. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    [more: string]: unknown;
  };
  [more: string]: unknown;
}

/** What calls need to reach the API server. The client library's `KubeConfig` has it, and more. */
export interface KubeAccess {
  config: {
    getCurrentCluster(): { server: string } | null;
    applyToHTTPSOptions(options: RequestOptions): Promise<void>;
  };
}

/** An error status from the API server, with the server's message. */
export class KubeApiError extends Error {
  override readonly name = 'KubeApiError';
  readonly statusCode: number;
  /** Kubernetes's own word for the cause within the status, such as `NamespaceTerminating`. */
  readonly causes: readonly string[];
  /** Milliseconds after which the server wants to be asked again, if it says so. */
  readonly retryAfter: number | undefined;

  constructor(statusCode: number, message: string, causes: readonly string[] = [], retryAfter?: number) {
    super(message);
    this.statusCode = statusCode;
    this.causes = causes;
    this.retryAfter = retryAfter;
  }
}

/**
 * Calls the API server with plain JSON. The typed clients drop fields that they do not know before
 * they send an object; here a misspelt field reaches the server, which reports it.
 * @throws KubeApiError for any status but 2xx
 */
export async function kubeRequest<T>(
  kube: KubeAccess,
  method: 'GET' | 'PATCH' | 'DELETE' | 'POST',
  path: string,
  send?: { contentType: string; body: unknown; accept?: string; signal?: AbortSignal | undefined },
): Promise<T> {
  return JSON.parse(await text(await kubeResponse(kube, method, path, { ...send, timeout: 30_000 }))) as T;
}

/** An object at its path; undefined if it does not exist, or its kind does not. */
export async function kubeFind<T = KubeObject>(kube: KubeAccess, path: string): Promise<T | undefined> {
  try {
    return await kubeRequest<T>(kube, 'GET', path);
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

/** The objects of a collection, and the version from which a watch can continue. */
export async function kubeList<T extends KubernetesObject>(
  kube: KubeAccess,
  path: string,
): Promise<{ items: T[]; version: string }> {
  const list = await kubeRequest<KubernetesListObject<T>>(kube, 'GET', path);
  // The items of a list do not contain their type, so add it.
  const type = { apiVersion: list.apiVersion, kind: list.kind?.replace(/List$/, '') };
  return { items: list.items.map((item) => ({ ...type, ...item })), version: list.metadata?.resourceVersion ?? '' };
}

const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

/** Asks for the metadata of an object without its content, or for all of it where a server cannot. */
export const METADATA_ONLY = `${METADATA_LIST.replace('MetadataList', 'Metadata')}, application/json`;

/** The metadata of a collection's objects, without their content: small, whatever they contain. */
export async function kubeMetadata(kube: KubeAccess, path: string): Promise<KubeObject['metadata'][]> {
  const response = await kubeResponse(kube, 'GET', path, { accept: METADATA_LIST, timeout: 30_000 });
  const list = JSON.parse(await text(response)) as { items: { metadata: KubeObject['metadata'] }[] | null };
  return (list.items ?? []).map(({ metadata }) => metadata);
}

/** A response in plain text, such as a log. */
export async function kubeText(kube: KubeAccess, path: string): Promise<string> {
  return text(await kubeResponse(kube, 'GET', path, { timeout: 30_000 }));
}

/**
 * The lines of a streamed response: a watch, or a log that is followed. They end when the server
 * ends the response.
 * @throws KubeApiError for any status but 2xx; AbortError when the signal ends it
 */
export async function* kubeLines(kube: KubeAccess, path: string, signal: AbortSignal): AsyncGenerator<string> {
  const response = await kubeResponse(kube, 'GET', path, { signal });
  let rest = '';
  for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

interface Call {
  contentType?: string;
  body?: unknown;
  accept?: string;
  timeout?: number;
  signal?: AbortSignal | undefined;
}

async function kubeResponse(
  kube: KubeAccess,
  method: string,
  path: string,
  { contentType, body, accept = 'application/json, */*', signal, ...more }: Call,
): Promise<IncomingMessage> {
  const server = kube.config.getCurrentCluster()?.server;
  if (server === undefined) throw new Error('The kubeconfig has no current cluster.');
  const options: RequestOptions = { method, ...more, ...(signal && { signal }), headers: { accept } };
  await kube.config.applyToHTTPSOptions(options);
  const content = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  // Node sends no length with the body of a DELETE, and the server would read the body as the next
  // request.
  if (content) options.headers = { ...options.headers, 'content-type': contentType, 'content-length': content.length };
  const response = await send(new URL(server + path), options, content);
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) return response;
  const { message, causes } = readStatus(await text(response));
  const retryAfter = Number(response.headers['retry-after']) * 1_000;
  throw new KubeApiError(status, message, causes, Number.isFinite(retryAfter) ? retryAfter : undefined);
}

function send(url: URL, options: RequestOptions, body: Buffer | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(url, options, resolve);
    request.on('error', (error: NodeJS.ErrnoException) => {
      // The server closed a kept-alive connection before it saw the request.
      if (request.reusedSocket && error.code === 'ECONNRESET') send(url, options, body).then(resolve, reject);
      else reject(error);
    });
    request.on('timeout', () =>
      request.destroy(new Error(`no response from ${url.host} within ${options.timeout} ms`)),
    );
    request.end(body);
  });
}

function readStatus(body: string): { message: string; causes: string[] } {
  type Status = { message?: string; details?: { causes?: { reason?: string }[] } };
  try {
    const { message = body, details } = JSON.parse(body) as Status;
    return { message, causes: (details?.causes ?? []).flatMap(({ reason }) => (reason === undefined ? [] : [reason])) };
  } catch {
    return { message: body, causes: [] };
  }
}

/** The HTTP status of a failed call; undefined if the server sent no response. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof KubeApiError ? error.statusCode : undefined;
}
