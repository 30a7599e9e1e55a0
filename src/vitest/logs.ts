import { kubeText, statusOf } from '../kubernetes/api.ts';
import { containerLogText } from '../kubernetes/container-log.ts';
import type { Namespace, What } from './namespace.ts';
import { podsMeant, podsNow, podsPath } from './pods.ts';

export interface LogOptions {
  /** Default: all. */
  container?: string;
  /** What the container before this one printed: why it was restarted. */
  previous?: boolean;
  /** Only so many lines from the end of each. */
  tail?: number;
}

/** See `Namespace.logs`. */
export async function logsOf(namespace: Namespace, what: What, { container, ...options }: LogOptions): Promise<string> {
  const pods = await podsNow(namespace, await podsMeant(namespace, what));
  const texts = pods.flatMap(({ metadata, spec }) => {
    const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].filter(({ name }) => name === (container ?? name));
    return containers.map(({ name }) => containerLog(namespace, metadata?.name ?? '', name, options));
  });
  return (await Promise.all(texts)).join('');
}

/** What one container printed; nothing where it has not begun, or had none before it. */
export async function containerLog(
  namespace: Namespace,
  pod: string,
  container: string,
  { previous = false, tail }: Omit<LogOptions, 'container'>,
): Promise<string> {
  const query = new URLSearchParams({ container, previous: String(previous), ...(tail === undefined ? {} : { tailLines: String(tail) }) });
  try {
    return containerLogText(await kubeText(namespace.cluster.kube, `${podsPath(namespace)}/${pod}/log?${query.toString()}`));
  } catch (error) {
    if ([400, 404].includes(statusOf(error) ?? 0)) return '';
    throw error;
  }
}
