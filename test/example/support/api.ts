import type { IncomingMessage } from 'node:http';
import { request, type RequestOptions } from 'node:https';
import { json } from 'node:stream/consumers';
import { config, namespace } from './cluster.ts';
import { until } from './until.ts';

export interface Job {
  id: string;
  text: string;
  state: 'queued' | 'done';
  /** Once it is done: how many words count, and which place the job had among all that were done. */
  words?: number;
  number?: number;
}

/**
 * Asks the example's api through the API server's service proxy: the request enters the cluster there and
 * goes over the pod network to a ready pod of the Service, so the tests need no open port.
 */
export async function call<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<{ status: number; body: T }> {
  const url = `${config.getCurrentCluster()?.server}/api/v1/namespaces/${namespace}/services/api:http/proxy${path}`;
  const options: RequestOptions = { method, timeout: 10_000 };
  await config.applyToHTTPSOptions(options);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request(url, options, resolve);
    sent.on('timeout', () => sent.destroy(new Error(`${method} ${path}: no answer within 10 s`)));
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
  return { status: response.statusCode ?? 0, body: (await json(response)) as T };
}

/** Hands in a job and returns its id. */
export async function submit(text: string): Promise<string> {
  const { status, body } = await call<{ id: string }>('POST', '/jobs', { text });
  if (status !== 202) throw new Error(`The job was refused with ${status}: ${JSON.stringify(body)}`);
  return body.id;
}

/** Waits for a job's result. */
export async function finished(id: string): Promise<Required<Job>> {
  const { body } = await until(
    `job ${id} to be done`,
    () => call<Job>('GET', `/jobs/${id}`),
    ({ status, body }) => status === 200 && body.state === 'done',
  );
  return body as Required<Job>;
}
