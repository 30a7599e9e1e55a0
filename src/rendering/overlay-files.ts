import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { KUSTOMIZATIONS } from '../config/resolve-deploy.ts';
import { filesBelow } from '../machine/files-below.ts';

/** What an overlay is made of. */
export interface Overlay {
  /** All files of its directory and of the directories that it refers to. */
  files: string[];
  /** Whether it also refers to something that is not on this machine. */
  isRemote: boolean;
  /** Whether it contains Helm charts, which kustomize inflates only when asked to. */
  hasCharts: boolean;
}

interface Kustomization {
  resources?: string[] | null;
  bases?: string[] | null;
  components?: string[] | null;
  helmCharts?: unknown[] | null;
}

/**
 * Finds the files of an overlay. kustomize reads no file outside of an overlay's directory, except
 * those of other directories that it names as resources, bases or components.
 */
export async function overlayFiles(directory: string): Promise<Overlay> {
  const { parse } = await import('yaml');
  const visited = new Map<string, string[]>();
  const overlay: Overlay = { files: [], isRemote: false, hasCharts: false };
  const visit = (current: string) => {
    if (visited.has(current)) return;
    visited.set(current, filesBelow(current));
    const file = KUSTOMIZATIONS.map((name) => join(current, name)).find((path) => existsSync(path));
    const content = file === undefined ? undefined : (parse(readFileSync(file, 'utf8')) as Kustomization | null);
    overlay.hasCharts ||= (content?.helmCharts ?? []).length > 0;
    const named = [content?.resources, content?.bases, content?.components].flatMap((list) => list ?? []);
    for (const name of named) {
      const path = resolve(current, name);
      const kind = statSync(path, { throwIfNoEntry: false });
      if (kind?.isDirectory()) visit(path);
      else if (!kind) overlay.isRemote = true; // or a mistake, which kustomize reports
    }
  };
  visit(directory);
  return { ...overlay, files: [...visited.values()].flat() };
}
