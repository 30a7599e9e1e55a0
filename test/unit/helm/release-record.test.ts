import { expect, it } from 'vitest';
import { decode, encode, isPending } from '../../../src/helm/release-record.ts';

it('a release is read as it was written', () => {
  const payload = { version: 3, info: { status: 'deployed' }, manifest: 'a: ü\n', chart: { files: [] } };
  expect(decode(encode(payload))).toEqual(payload);
});

it('a release from before Helm compressed them is read, too', () => {
  const plain = Buffer.from(Buffer.from('{"version":1}').toString('base64')).toString('base64');
  expect(decode(plain)).toEqual({ version: 1 });
});

it.each([
  ['pending-install', true],
  ['pending-upgrade', true],
  ['pending-rollback', true],
  ['uninstalling', true],
  ['deployed', false],
  ['failed', false],
  ['superseded', false],
])('%s: Helm is at work, or was: %s', (status, expected) => {
  expect(isPending(status)).toBe(expected);
});
