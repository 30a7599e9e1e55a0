import { basename, dirname } from 'node:path';
import { isRecord } from './pod-templates.ts';

/**
 * What a file is for if it stands beside manifests and has no objects: kustomize, Helm and other
 * tools read it.
 * @param name the file's path, relative to the configuration
 * @param values what is in it
 * @param hasChart whether a `Chart.yaml` stands beside it
 */
export function foreignFile(name: string, values: readonly unknown[], hasChart: boolean): string | undefined {
  const file = basename(name);
  const directory = dirname(name);
  if (/^kustomization(\.ya?ml)?$/i.test(file) || values.some((value) => isOf(value, 'kustomize.config.k8s.io')))
    return `${name} is for kustomize, and skipped: to use it, write \`deploy: [{ kustomize: '${directory}' }]\``;
  if (/^Chart\.ya?ml$/.test(file))
    return `${name} says that ${directory} is a chart: to install it, write \`deploy: [{ helm: { chart: '${directory}', release: '…' } }]\``;
  const areValues = values.every((value) => isRecord(value) && !('kind' in value) && !('apiVersion' in value));
  if (areValues && (hasChart || /^values([-._].*)?\.ya?ml$/.test(file)))
    return `${name} has values for a chart and no objects, and is skipped`;
  if (values.some((value) => isOf(value, 'kind.x-k8s.io') || isOf(value, 'skaffold')))
    return `${name} is the configuration of another tool, and is skipped`;
  return undefined;
}

function isOf(value: unknown, group: string): boolean {
  return isRecord(value) && typeof value['apiVersion'] === 'string' && value['apiVersion'].startsWith(`${group}/`);
}
