import { expect, it } from 'vitest';
import { builtFrom } from '../../../src/building/build-record.ts';
import { LABELS } from '../../../src/core/labels.ts';

const image = { id: 'sha256:image', labels: { [LABELS.inputs]: 'label' } };

it.each([
  ['the label, without a record', undefined, 'wanted', 'label'],
  ['the label, if the record is of another image', { id: 'sha256:other', digest: 'wanted' }, 'wanted', 'label'],
  ['the record of a later build that left the image in place', { id: image.id, digest: 'wanted' }, 'wanted', 'wanted'],
  ['the record, if neither is wanted', { id: image.id, digest: 'recorded' }, 'wanted', 'recorded'],
  ['the label, if it is wanted', { id: image.id, digest: 'recorded' }, 'label', 'label'],
])('is %s', (_, record, wanted, expected) => {
  expect(builtFrom(image, record, wanted)).toBe(expected);
});

it('is not known without an image, or without a label', () => {
  const record = { id: image.id, digest: 'wanted' };
  expect(builtFrom(undefined, record, 'wanted')).toBeUndefined();
  expect(builtFrom({ ...image, labels: {} }, record, 'wanted')).toBeUndefined();
});
