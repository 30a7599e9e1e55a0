import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { AppsV1Api, BatchV1Api, CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { messageOf } from '../model/error.ts';

/** A Kubernetes object as it stands in a manifest or comes from the API. */
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

/** The API of one cluster, and of no other: bound to the kubeconfig that the harness wrote. */
export interface Kube {
  config: KubeConfig;
  core: CoreV1Api;
  apps: AppsV1Api;
  batch: BatchV1Api;
}

/** Reads the kubeconfig and binds the typed clients. The library is loaded here and not at start-up, because that takes half a second. */
export async function connectKube(kubeconfig: string): Promise<Kube> {
  const k8s = await import('@kubernetes/client-node');
  const config = new k8s.KubeConfig();
  config.loadFromFile(kubeconfig);
  return {
    config,
    core: config.makeApiClient(k8s.CoreV1Api),
    apps: config.makeApiClient(k8s.AppsV1Api),
    batch: config.makeApiClient(k8s.BatchV1Api),
  };
}

/** The API server's refusal: its status code and its own words. */
class KubeApiError extends Error {
  override readonly name = 'KubeApiError';
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

/**
 * One call to the API server with plain JSON. The typed clients drop every field that they do not know before they send an object; a
 * misspelt field must reach the server, which then says so.
 * @throws KubeApiError for any status but 2xx
 */
export async function kubeRequest<T>(
  kube: Kube,
  method: 'GET' | 'PATCH' | 'DELETE' | 'POST',
  path: string,
  send?: { contentType: string; body: unknown },
): Promise<T> {
  const server = kube.config.getCurrentCluster()?.server;
  if (server === undefined) throw new Error('The kubeconfig names no cluster.');
  const options: RequestOptions = { method, timeout: 30_000, headers: { accept: 'application/json' } };
  await kube.config.applyToHTTPSOptions(options);
  if (send) options.headers = { ...options.headers, 'content-type': send.contentType };
  const { status, body } = await call(new URL(server + path), options, send && JSON.stringify(send.body));
  if (status >= 200 && status < 300) return JSON.parse(body) as T;
  throw new KubeApiError(status, statusMessage(body));
}

function call(url: URL, options: RequestOptions, body: string | undefined): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }));
    });
    request.on('error', reject);
    request.on('timeout', () => request.destroy(new Error(`no answer from ${url.host} within ${options.timeout} ms`)));
    request.end(body);
  });
}

function statusMessage(body: string): string {
  try {
    return (JSON.parse(body) as { message?: string }).message ?? body;
  } catch {
    return body;
  }
}

/** The HTTP status of an error from either kind of client; undefined when it never reached the server. */
export function statusOf(error: unknown): number | undefined {
  if (error instanceof KubeApiError) return error.statusCode;
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'number') return error.code;
  return undefined;
}

/** The server's own words in an error from either kind of client. */
export function kubeMessage(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'body' in error && typeof error.body === 'string') return statusMessage(error.body);
  return messageOf(error);
}
