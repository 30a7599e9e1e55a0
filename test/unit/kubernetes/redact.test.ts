import { describe, expect, it } from 'vitest';
import { secretsAmong, secretValues, withoutSecrets } from '../../../src/kubernetes/redact.ts';

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

describe('the values of Secrets', () => {
  it('are decoded, from data and from stringData', () => {
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data: { a: base64('one') } };
    const other = { ...secret, data: undefined, stringData: { b: 'two' } };
    const map = { ...secret, kind: 'ConfigMap', data: { c: 'three' } };
    const foreign = { ...secret, apiVersion: 'example.com/v1' };
    const values = secretValues(secretsAmong([secret, other, map, foreign]));
    expect(values.map(String)).toEqual(['one', 'two']);
  });
});
