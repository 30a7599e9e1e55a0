import type { HelmStep } from '../config/deploy-step.ts';

/** What the arguments are made from besides the step. */
export interface HelmInvocation {
  namespace: string;
  kubeconfig: string;
  /** Milliseconds for each hook. */
  timeout: number;
  /** The chart's directory or archive, if it is on this machine. */
  chart: string;
  /** Files of values, with everything filled in. */
  values: readonly string[];
  /** Single values by their path, with everything filled in. */
  set: Readonly<Record<string, string | number | boolean>>;
  /** Files with the values that must not appear in a list of processes, by the path of the value. */
  files: Readonly<Record<string, string>>;
}

/**
 * The arguments that install or upgrade a release. Values that are set are given as JSON, so that a
 * text stays a text, and commas in it are no separators.
 */
export function helmArguments(step: Pick<HelmStep, 'release' | 'chart'>, given: HelmInvocation): string[] {
  const { chart } = step;
  const remote = chart.from === 'repository' ? chart : undefined;
  return [
    ...['upgrade', '--install', step.release, given.chart],
    ...['--namespace', given.namespace, '--create-namespace'],
    ...['--kubeconfig', given.kubeconfig],
    ...['--timeout', `${Math.ceil(given.timeout / 1000)}s`],
    // Else an upgrade without values would keep those of the last one.
    '--reset-values',
    ...(remote?.repository === undefined ? [] : ['--repo', remote.repository]),
    ...(remote?.version === undefined ? [] : ['--version', remote.version]),
    ...given.values.flatMap((file) => ['--values', file]),
    ...Object.entries(given.set).flatMap(([path, value]) => ['--set-json', `${path}=${JSON.stringify(value)}`]),
    ...Object.entries(given.files).flatMap(([path, file]) => ['--set-file', `${path}=${file}`]),
  ];
}

/** Variables of Helm's that would lead it to another cluster, namespace or store. */
const MISLEADING = [
  'HELM_NAMESPACE',
  'HELM_KUBECONTEXT',
  'HELM_KUBEAPISERVER',
  'HELM_KUBETOKEN',
  'HELM_KUBEASUSER',
  'HELM_KUBEASGROUPS',
  'HELM_KUBECAFILE',
  'HELM_KUBETLS_SERVER_NAME',
  'HELM_KUBEINSECURE_SKIP_TLS_VERIFY',
  'HELM_DEBUG',
];

/** The environment for Helm: of the user, but for the harness's cluster. */
export function helmEnvironment(kubeconfig: string): NodeJS.ProcessEnv {
  const removed = Object.fromEntries(MISLEADING.map((name) => [name, undefined]));
  return { ...removed, HELM_DRIVER: 'secret', KUBECONFIG: kubeconfig };
}
