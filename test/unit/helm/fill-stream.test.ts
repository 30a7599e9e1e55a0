import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { fillStream } from '../../../src/helm/fill-stream.ts';

const images = [{ name: 'api', reference: 'shop/api:dev', digest: 'sha256:1' }];

const imageFields = [{ kind: 'Shop.example.com', path: 'spec.image' }];

const POD = `
# Source: shop/templates/pod.yaml
apiVersion: v1
kind: Pod
metadata: { name: a }
spec:
  containers:
    - { name: c, image: api, env: [{ name: DEBUG, value: "yes" }, { name: MODE, value: "0755" }] }
`;

it('fills the images in, and leaves texts to be texts for readers of any version of YAML', () => {
  const [pod] = parseAllDocuments(fillStream(`---${POD}`, { images, imageFields }), { version: '1.1' }).map(
    (document) => document.toJS() as unknown,
  );
  expect(pod).toMatchObject({
    metadata: { name: 'a', annotations: { 'image.kind-harness.dev/api': 'sha256:1' } },
    spec: {
      containers: [
        {
          image: 'shop/api:dev',
          imagePullPolicy: 'Never',
          env: [
            { name: 'DEBUG', value: 'yes' },
            { name: 'MODE', value: '0755' },
          ],
        },
      ],
    },
  });
});

it('keeps the comment that names the template', () => {
  expect(fillStream(`---${POD}`, { images, imageFields })).toMatch(
    /^---\n# Source: shop\/templates\/pod\.yaml\napiVersion: "v1"\n/,
  );
});

it('keeps everything else letter by letter', () => {
  const other =
    '\n# Source: a.yaml\nkind: ConfigMap\napiVersion: v1\nmetadata: {name:   x}\ndata:\n  a: |\n    ----\n    b\n';
  const filled = fillStream(`---${other}---${POD}---${other}`, { images, imageFields });
  expect(filled.split(other)).toHaveLength(3);
});

it('does not touch what is not an object', () => {
  const broken = '---\n{{ oops\n---\njust: text\n';
  expect(fillStream(broken, { images, imageFields })).toBe(broken);
});

it('is never empty, which Helm would take for a failure', () => {
  expect(fillStream('', { images, imageFields })).toBe('# no objects\n');
});

it('fills custom resources in: configured fields, and texts that are exactly a reference', () => {
  const shop = (image: string) =>
    `---\napiVersion: example.com/v1\nkind: Shop\nmetadata: { name: a }\nspec: { image: ${image}, text: docker.io/shop/api:dev }\n`;
  const [filled] = parseAllDocuments(fillStream(shop('api'), { images, imageFields })).map(
    (document) => document.toJS() as unknown,
  );
  expect(filled).toMatchObject({ spec: { image: 'shop/api:dev', text: 'shop/api:dev' } });
});
