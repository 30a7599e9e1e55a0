import type { Appliable } from 'kind-harness/vitest/fixtures';

/** A Deployment of the small web server, and its Service. */
export function web(container: object = {}): Appliable[] {
  const labels = { app: 'web' };
  const spec = {
    terminationGracePeriodSeconds: 1,
    containers: [{ name: 'web', image: 'app', ports: [{ name: 'http', containerPort: 8080 }], ...container }],
  };
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web' },
      spec: { selector: labels, ports: [{ port: 80, targetPort: 'http' }] },
    },
  ];
}

/** With this probe, a pod is ready only once it accepts connections. */
export const probed = { readinessProbe: { tcpSocket: { port: 'http' }, periodSeconds: 1 } };
