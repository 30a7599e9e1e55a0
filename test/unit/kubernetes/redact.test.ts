import { describe, expect, it } from 'vitest';
import { redact, secretValues, withoutSecrets } from '../../../src/kubernetes/redact.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('the copy of an object for a file', () => {
  it('has no values of a Secret', () => {
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: 's',
        managedFields: [{}],
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{"data":…}', other: 'kept' },
      },
      data: { password: base64('correct horse') },
      stringData: { token: 'battery staple' },
    };
    expect(withoutSecrets(secret)).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's', annotations: { other: 'kept' } },
      data: { password: '***' },
      stringData: { token: '***' },
    });
    expect(secret.data.password).toBe(base64('correct horse')); // the object itself is unchanged
  });

  it('contains any other object, without bookkeeping', () => {
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm', managedFields: [] }, data: { a: 'b' } };
    expect(withoutSecrets(map)).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'm' },
      data: { a: 'b' },
    });
  });
});

describe('a text with values of Secrets', () => {
  const values = secretValues([
    { data: { password: base64('correct horse\n'), short: base64('abc') } },
    { stringData: { key: '-----BEGIN\nfirst line\nsecond line\n-----END' } },
  ]);

  it.each([
    ['login with correct horse failed', 'login with *** failed'],
    [`Authorization: ${base64('correct horse\n')}`, 'Authorization: ***'],
    ['  second line', '  ***'],
    ['abc is too short to be a secret', 'abc is too short to be a secret'],
  ])('%j becomes %j', (text, masked) => {
    expect(redact(text, values)).toBe(masked);
  });
});
