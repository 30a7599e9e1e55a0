import { endpoint, forward } from '../kubernetes/forward.ts';
import { inWords } from './failure.ts';
import type { Namespace } from './namespace.ts';

export interface ServiceOptions {
  /** The Service's port, by name or number. Default: its only one, or the one named `http`. */
  port?: string | number;
  /** Milliseconds until a pod must be ready. Default: until a moment before the test's own time-out. */
  deadline?: number;
}

/** See `Namespace.service`. */
export async function forwardService(
  { name: namespace, scope, cluster }: Namespace,
  name: string,
  options: ServiceOptions,
): Promise<string> {
  const over = new AbortController();
  scope.onEnd(() => over.abort());
  const target = { kube: cluster.kube, namespace, name, port: options.port };
  try {
    const { port } = await endpoint(target, options.deadline ?? scope.options.patience(), scope.options.signal ?? over.signal);
    return `${port.scheme}://127.0.0.1:${await forward(target, over.signal)}`;
  } catch (error) {
    throw inWords(error);
  }
}
