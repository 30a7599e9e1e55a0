import { describe, expect, it } from 'vitest';
import { judgeSecretContent, judgeSecretName } from '../../../src/auditing/judge-secrets.ts';

describe('a name', () => {
  it.each([
    '.env',
    'app/.env.production',
    'id_rsa',
    'tls/server.key',
    '.git-credentials',
    'x/.kube/config',
    'a.tfstate',
  ])('%s is that of a secret', (path) => {
    expect(judgeSecretName(path)).toBeDefined();
  });
  it.each(['.env.example', 'src/env.ts', 'id_rsa.pub', 'keys.ts', 'tls/server.crt', 'config', 'package.json'])(
    '%s is not',
    (path) => {
      expect(judgeSecretName(path)).toBeUndefined();
    },
  );
});

describe('a content', () => {
  it.each([
    ['x\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\n', 'a private key', 2],
    [`a = "AKIA${'A'.repeat(16)}"`, 'an AWS access key', 1],
    [`\n\ntoken: ghp_${'a'.repeat(36)}`, 'a GitHub token', 3],
    ['//registry.example.com/:_authToken=abc', 'an npm token', 1],
    [`users:\n- user:\n    client-key-data: ${'A'.repeat(40)}`, 'a key of a kubeconfig', 3],
    ['{"auths":{"r.example.com":{"auth":"dXNlcjpwYXNzd29yZA=="}}}', 'credentials of a registry', 1],
  ])('%j holds %s', (text, what, line) => {
    expect(judgeSecretContent(text)).toEqual({ what, line });
  });
  it.each([
    '-----BEGIN CERTIFICATE-----\nMIIE',
    '-----BEGIN PUBLIC KEY-----\nMII',
    '//r/:_authToken=${NPM_TOKEN}',
    'AKIA',
  ])('%j holds none', (text) => {
    expect(judgeSecretContent(text)).toBeUndefined();
  });
});
