import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { HarnessError } from '../../../src/core/error.ts';
import { readManifests, readManifestText } from '../../../src/manifests/read-manifests.ts';
import { plant, scratch } from '../../support/scratch.ts';

const OBJECT = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ';

function problemsIn(text: string): string[] {
  return readManifestText(text, 'a.yaml').problems;
}

/** Reads these files. */
function read(files: Record<string, string>): { sources: string[]; notes: string[]; problems: string[] } {
  const root = scratch();
  plant(root, files);
  const notes: string[] = [];
  const paths = Object.keys(files).map((name) => join(root, name));
  try {
    const objects = readManifests(paths, root, { namespace: 'shop', note: (message) => notes.push(message) });
    return { sources: objects.map(({ source, object }) => `${source}: ${object.metadata.name}`), notes, problems: [] };
  } catch (error) {
    return { sources: [], notes, problems: ((error as HarnessError).detail ?? '').split('\n') };
  }
}

describe('what cannot be applied is said with its place', () => {
  it.each([
    ['no object', 'text\n', ['a.yaml:1: expected an object']],
    ['a list', '- a\n', ['a.yaml:1: expected an object']],
    ['no apiVersion', '# one\n\nkind: X\n', ['a.yaml:3: expected `apiVersion`']],
    [
      'two slashes',
      'kind: X\napiVersion: a/b/c\n',
      ['a.yaml:2: expected an `apiVersion` such as `apps/v1`, found `a/b/c`'],
    ],
    ['no kind', 'apiVersion: v1\nkind: yes\n', ['a.yaml:2: expected `kind`']],
    [
      'no name',
      `${OBJECT}x\n---\n# b\n---\napiVersion: v1\nkind: X\nmetadata: {}\n`,
      ['a.yaml:10, document 2: expected `metadata.name`'],
    ],
    ['a number as name', `${OBJECT}12\n`, ['a.yaml:4: `metadata.name` is the number 12; put it in quotes']],
    [
      'generateName',
      'apiVersion: batch/v1\nkind: Job\nmetadata:\n  generateName: a-\n',
      ['a.yaml:4: `generateName` cannot be applied, because each run would add another Job: use `name`'],
    ],
    [
      'an alias without an anchor',
      `${OBJECT}x\ndata:\n  a: *b\n`,
      ['a.yaml:6: the alias `*b` has no anchor `&b` before it'],
    ],
    [
      'a removed version',
      'apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: a}\n',
      [
        'a.yaml:1: Kubernetes has had no Ingress in `extensions/v1beta1` since 1.22: use `networking.k8s.io/v1`, with the fields of that group',
      ],
    ],
    [
      'a broken document beside a sound one',
      `${OBJECT}x\n---\na: [\n`,
      [expect.stringMatching(/^a\.yaml:7: Flow sequence/)],
    ],
  ])('%s', (_, text, expected) => {
    expect(problemsIn(text)).toEqual(expected);
  });

  it('a variable and a port twice in a container, in a list, too', () => {
    const text = `kind: List
apiVersion: v1
items:
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: web}
  spec:
    template:
      spec:
        containers:
        - name: web
          env:
          - {name: A, value: '1'}
          - {name: B, value: '2'}
          - name: A
          ports:
          - {containerPort: 80}
          - {containerPort: 80, protocol: UDP}
          - {containerPort: 80, protocol: TCP}
`;
    expect(problemsIn(text)).toEqual([
      'a.yaml:15: container web has the variable A twice in `env`',
      'a.yaml:19: container web has the port 80/TCP twice in `ports`',
    ]);
    expect(problemsIn(text.replace('apps/v1', 'apps.kruise.io/v1'))).toEqual([]);
  });
});

describe('the files of a directory', () => {
  it('have objects with their places', () => {
    const files = { 'a.yaml': `${OBJECT}a\n`, 'b.yaml': `---\n# x\n---\n${OBJECT}b\n---\n${OBJECT}c\n` };
    expect(read(files).sources).toEqual(['a.yaml: a', 'b.yaml:4, document 1: b', 'b.yaml:9, document 2: c']);
  });

  it('may be those of other tools', () => {
    const { sources, notes, problems } = read({
      'k8s/a.yaml': `${OBJECT}a\n`,
      'k8s/kustomization.yaml': 'resources: [a.yaml]\n',
      'k8s/dev.yaml': 'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n',
      'chart/Chart.yaml': 'apiVersion: v2\nname: shop\nversion: 1.0.0\n',
      'chart/test.yaml': 'replicas: 2\n',
      'values-prod.yaml': 'image: {tag: a}\n',
      'kind.yaml': 'apiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\n',
    });
    expect([sources, problems]).toEqual([['k8s/a.yaml: a'], []]);
    expect(notes).toEqual([
      "k8s/kustomization.yaml is for kustomize, and skipped: to use it, write `deploy: [{ kustomize: 'k8s' }]`",
      "k8s/dev.yaml is for kustomize, and skipped: to use it, write `deploy: [{ kustomize: 'k8s' }]`",
      "chart/Chart.yaml says that chart is a chart: to install it, write `deploy: [{ helm: { chart: 'chart', release: '…' } }]`",
      'chart/test.yaml has values for a chart and no objects, and is skipped',
      'values-prod.yaml has values for a chart and no objects, and is skipped',
      'kind.yaml is the configuration of another tool, and is skipped',
    ]);
  });

  it('are named as templates of a chart', () => {
    expect(read({ 'a.yaml': 'kind: X\nmetadata:\n  name: {{ .Values.name }}\n' }).problems).toContain(
      "a.yaml looks like a template of a Helm chart: to install a chart, write `deploy: [{ helm: { chart: '…', release: '…' } }]`",
    );
  });

  it('may repeat an object, but not in other words', () => {
    const namespace = 'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n';
    expect(read({ 'a.yaml': namespace, 'b.yaml': namespace }).sources).toEqual(['a.yaml: shop']);
    const web = (more: string) => `${OBJECT}web${more}\n`;
    const files = { 'a.yaml': web('\n  namespace: shop'), 'b/c.yaml': web(''), 'd.yaml': web('\n  namespace: other') };
    expect(read(files).problems).toEqual(['b/c.yaml: ConfigMap web is in a.yaml already, and differs']);
  });

  it('may be in UTF-16', () => {
    const root = scratch();
    plant(root, { 'a.yaml': '' });
    writeFileSync(
      join(root, 'a.yaml'),
      Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(`${OBJECT}ü\n`, 'utf16le')]),
    );
    expect(readManifests([join(root, 'a.yaml')], root).map(({ object }) => object.metadata.name)).toEqual(['ü']);
  });
});
