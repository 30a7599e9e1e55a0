import { kubeText, statusOf, type KubeAccess } from '../kubernetes/api.ts';
import { containerLogText } from '../kubernetes/container-log.ts';

const LOG_LINES = 15;

/**
 * The last lines of a container's log, indented; empty if it has none. If the container was
 * restarted, of the one before: that one holds the reason.
 */
export async function lastLog(kube: KubeAccess, namespace: string, pod: string, container: string): Promise<string> {
  for (const previous of ['true', 'false']) {
    const query = new URLSearchParams({ container, previous, tailLines: `${LOG_LINES}` });
    try {
      const path = `/api/v1/namespaces/${namespace}/pods/${pod}/log?${query.toString()}`;
      const text = containerLogText(await kubeText(kube, path));
      if (text) return text.trimEnd().replace(/^/gm, '  ');
    } catch (error) {
      if (statusOf(error) === undefined) throw error; // a 400 means that there is no such log
    }
  }
  return '';
}
