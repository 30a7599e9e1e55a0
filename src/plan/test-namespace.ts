import type { KubeObject } from '../kubernetes/api.ts';
import { TEST_ANNOTATIONS, TEST_LABELS, type TestRun } from '../model/test-run.ts';

/** A DNS label holds 63 characters. */
const LABEL_LENGTH = 63;

/** What is left of a text when only lower-case letters, digits and single dashes may stay; it may be empty. */
export function slug(text: string, length: number): string {
  const plain = text.replaceAll('ß', 'ss').normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  return plain
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, length)
    .replace(/-+$/, '');
}

/** The name of a test's namespace: a DNS label that tells the test. @param unique letters and digits that no other one has */
export function namespaceName(test: string, unique: string): string {
  const words = slug(test, LABEL_LENGTH - 'test--'.length - unique.length);
  return words === '' ? `test-${unique}` : `test-${words}-${unique}`;
}

/** The marks by which a run finds what is its own, and a later one what a dead run has left. */
export function marksOf(project: string, run: TestRun, test: string, now: Date): Pick<KubeObject['metadata'], 'labels' | 'annotations'> {
  return {
    labels: { [TEST_LABELS.project]: project, [TEST_LABELS.run]: run.id },
    annotations: {
      [TEST_ANNOTATIONS.owner]: JSON.stringify(run.owner),
      [TEST_ANNOTATIONS.created]: now.toISOString(),
      [TEST_ANNOTATIONS.test]: test,
    },
  };
}

/** A run's id. It is the value of a label, and sorts by time. */
export function runId(now: Date, pid: number): string {
  return `${now.toISOString().replace(/[-:]/g, '').slice(0, 15)}-${pid}`;
}
