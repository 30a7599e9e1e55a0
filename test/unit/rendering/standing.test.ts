import { expect, it } from 'vitest';
import { digestOf } from '../../../src/rendering/standing.ts';

const object = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'a', uid: '1', resourceVersion: '5', generation: 1, labels: { a: '1', b: '2' } },
  spec: { replicas: 1 },
};
const changed = (metadata: object, more: object = {}) => ({
  ...object,
  metadata: { ...object.metadata, ...metadata },
  ...more,
});

it.each([
  ['its status', changed({}, { status: { ready: 1 } })],
  ['bookkeeping', changed({ resourceVersion: '6', managedFields: [], generation: 2 })],
  ['the number of its revision', changed({ annotations: { 'deployment.kubernetes.io/revision': '2' } })],
  ['the order of labels', changed({ labels: { b: '2', a: '1' } })],
])('an object is the same with another value for %s', (_, other) => {
  expect(digestOf(other)).toBe(digestOf(object));
});

it.each([
  ['its specification', changed({}, { spec: { replicas: 2 } })],
  ['a label', changed({ labels: { a: '2', b: '2' } })],
  ['its identity', changed({ uid: '2' })],
  ['the request to delete it', changed({ deletionTimestamp: 'now' })],
])('it is another one with another value for %s', (_, other) => {
  expect(digestOf(other)).not.toBe(digestOf(object));
});
