import { expect, it } from 'vitest';
import { fillPlaceholders, knownPlaceholders, unknownPlaceholders } from '../../../src/config/placeholders.ts';

const images = [
  { name: 'api', reference: 'shop/api:dev' },
  { name: 'my-api.v2', reference: 'registry.example:5000/shop/api' },
  { name: 'tag', reference: 'postgres:17' },
];

it.each([
  ['{image.api}', 'shop/api:dev'],
  ['{image.api.repository}', 'shop/api'],
  ['{image.api.tag}', 'dev'],
  ['{image.api.registry}', 'docker.io'],
  ['{image.api.path}', 'shop/api'],
  ['{image.my-api.v2}', 'registry.example:5000/shop/api'],
  ['{image.my-api.v2.repository}:{image.my-api.v2.tag}', 'registry.example:5000/shop/api:latest'],
  ['{image.my-api.v2.registry}/{image.my-api.v2.path}', 'registry.example:5000/shop/api'],
  ['{image.tag.tag}', '17'],
  ['{image.tag.path}', 'library/postgres'],
  ['{image: {api: 1}} {{ .Values.image.api }} {image}', '{image: {api: 1}} {{ .Values.image.api }} {image}'],
])('%s is filled in as %s', (text, filled) => {
  expect(unknownPlaceholders(text, images)).toEqual([]);
  expect(fillPlaceholders(text, images)).toBe(filled);
});

it('those without a configured image or a known part are unknown', () => {
  const text = '{image.apj} {image.api.tags} {image.api} {image.apj.tag}';
  expect(unknownPlaceholders(text, images)).toEqual(['{image.apj}', '{image.api.tags}', '{image.apj.tag}']);
  expect(knownPlaceholders(images)).toContain('configured images: `api`, `my-api.v2`, `tag`');
});
