/** A step of the deployment, after it was checked. Paths are absolute, times milliseconds. */
export type DeployStep = StepBasics & (HelmStep | KustomizeStep | ManifestsStep | CommandStep);

interface StepBasics {
  /** Where it is in the configuration, such as `deploy[0]`. */
  place: string;
  /** For objects that name no namespace. */
  namespace: string;
  /** Until everything in it is ready. */
  timeout: number;
}

export interface HelmStep {
  kind: 'helm';
  release: string;
  chart: Chart;
  /** Files, and values that are written in the configuration. Later ones win. */
  values: (string | Record<string, unknown>)[];
  /** By the path of the value, as after `--set`; they win over `values`. */
  set: Record<string, SetValue>;
}

/** Where a chart is: a directory or an archive here, or a name that Helm looks up. */
export type Chart =
  | { from: 'directory'; path: string }
  | { from: 'archive'; path: string }
  | { from: 'repository'; name: string; repository: string | undefined; version: string | undefined };

/** A value, or the environment variable that holds it. */
export type SetValue = string | number | boolean | { env: string };

export interface KustomizeStep {
  kind: 'kustomize';
  /** A directory, or a URL that kustomize understands. */
  overlay: { directory: string } | { url: string };
}

export interface ManifestsStep {
  kind: 'manifests';
  files: string[];
}

export interface CommandStep {
  kind: 'command';
  command: [string, ...string[]];
  /** The files that its output depends on; undefined if that is not known. */
  inputs: string[] | undefined;
}

/** A step in a few words, for messages: `helm release shop`. */
export function stepName(step: HelmStep | KustomizeStep | ManifestsStep | CommandStep): string {
  switch (step.kind) {
    case 'helm':
      return `helm release ${step.release}`;
    case 'kustomize':
      return 'directory' in step.overlay ? `kustomize ${lastPart(step.overlay.directory)}` : 'kustomize';
    case 'manifests':
      return 'manifests';
    case 'command':
      return `output of ${lastPart(step.command[0])}`;
  }
}

function lastPart(path: string): string {
  return path.slice(path.replaceAll('\\', '/').lastIndexOf('/') + 1);
}
