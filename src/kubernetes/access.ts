import { readFileSync } from 'node:fs';
import { Agent, type RequestOptions } from 'node:https';
import type { KubeAccess } from './api.ts';

interface Kubeconfig {
  'current-context': string;
  contexts: { name: string; context: { cluster: string; user: string } }[];
  clusters: { name: string; cluster: { server: string; 'certificate-authority-data': string } }[];
  users: { name: string; user: { 'client-certificate-data': string; 'client-key-data': string } }[];
}

/** What was opened, by the path of its kubeconfig. */
const opened = new Map<string, { text: string; access: KubeAccess }>();

/**
 * Opens access to the cluster of a kubeconfig that the harness wrote, which contains the
 * certificates. The client library can read every other kind too, but needs more than half a second
 * to load, in each test file. Connections are kept open between calls, and shared by all who open the same file.
 */
export async function openAccess(kubeconfig: string): Promise<KubeAccess> {
  const text = readFileSync(kubeconfig, 'utf8');
  const known = opened.get(kubeconfig);
  if (known?.text === text) return known.access;
  const access = await accessFrom(kubeconfig, text);
  opened.set(kubeconfig, { text, access });
  return access;
}

async function accessFrom(kubeconfig: string, text: string): Promise<KubeAccess> {
  const { parse } = await import('yaml');
  const file = parse(text) as Kubeconfig;
  const context = file.contexts.find(({ name }) => name === file['current-context'])?.context;
  const cluster = file.clusters.find(({ name }) => name === context?.cluster)?.cluster;
  const user = file.users.find(({ name }) => name === context?.user)?.user;
  if (!cluster || !user) throw new Error(`The kubeconfig ${kubeconfig} has no current context.`);
  const credentials = {
    ca: Buffer.from(cluster['certificate-authority-data'], 'base64'),
    cert: Buffer.from(user['client-certificate-data'], 'base64'),
    key: Buffer.from(user['client-key-data'], 'base64'),
  };
  const agent = new Agent({ ...credentials, keepAlive: true });
  return {
    config: {
      getCurrentCluster: () => ({ server: cluster.server }),
      applyToHTTPSOptions: (options: RequestOptions) => {
        Object.assign(options, credentials, { agent });
        return Promise.resolve();
      },
    },
  };
}
