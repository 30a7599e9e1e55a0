/** Names of files that hold secrets, and what to call them. */
const NAMES: [pattern: RegExp, what: string][] = [
  [/(^|\/)\.env(\.(?!example$|sample$|template$|dist$|defaults$|test$)[^/]+)?$/, 'an environment file'],
  [/(^|\/)id_(rsa|dsa|ecdsa|ed25519)$/, 'a private SSH key'],
  [/\.(p12|pfx|jks|keystore|ppk|kdbx)$/i, 'a key store'],
  [/\.key$/i, 'a private key'],
  [/(^|\/)(\.netrc|_netrc|\.pypirc|\.git-credentials|\.htpasswd|\.dockercfg|\.vault-token|\.pgpass)$/, 'credentials'],
  [/(^|\/)\.docker\/config\.json$/, 'credentials of registries'],
  [/(^|\/)\.aws\/credentials$/, 'credentials of a cloud'],
  [/(^|\/)(credentials|service[-_]account[^/]*|client_secret[^/]*)\.json$/, 'credentials of a cloud'],
  [/(^|\/)(kubeconfig|[^/]+\.kubeconfig|\.kube\/config)$/, 'a kubeconfig'],
  [/\.tfstate(\.backup)?$/, "Terraform's state, which holds secrets as text"],
];

/** What a file is, if its name says that it holds secrets. */
export function judgeSecretName(path: string): string | undefined {
  return NAMES.find(([pattern]) => pattern.test(path))?.[1];
}

/** What secrets look like. Each begins in a way that hardly anything else does. */
const CONTENTS: [what: string, pattern: string][] = [
  ['a private key', '-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----\\s+[A-Za-z0-9+/=:]'],
  ['an AWS access key', '\\b(?:AKIA|ASIA)[A-Z2-7]{16}\\b'],
  ['a GitHub token', '\\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,})'],
  ['a GitLab token', '\\bglpat-[A-Za-z0-9_-]{20,}'],
  ['a Slack token', '\\bxox[abprs]-[A-Za-z0-9-]{10,}'],
  ['a Stripe key', '\\b[sr]k_live_[A-Za-z0-9]{20,}'],
  ['a Google API key', '\\bAIza[A-Za-z0-9_-]{35}\\b'],
  ['an npm token', '\\bnpm_[A-Za-z0-9]{36}\\b|:_authToken=(?![$\\s])[^\\s]'],
  ['a key of a kubeconfig', '\\bclient-key-data:\\s*[A-Za-z0-9+/=]{20}'],
  ['credentials of a registry', '"auths?"\\s*:\\s*(?:\\{[^{}]*\\{\\s*"auth"\\s*:\\s*)?"[A-Za-z0-9+/=]{12,}"'],
];
const ANY_CONTENT = new RegExp(CONTENTS.map(([, pattern]) => `(${pattern})`).join('|'));

/** A secret in a text. Its value is not part of this. */
export interface FoundSecret {
  what: string;
  /** Counted from 1. */
  line: number;
}

/** The first secret in a text, if there is one. */
export function judgeSecretContent(text: string): FoundSecret | undefined {
  const match = ANY_CONTENT.exec(text);
  if (!match) return undefined;
  const what = CONTENTS[match.slice(1).findIndex((group) => group !== undefined)]?.[0] ?? 'a secret';
  return { what, line: text.slice(0, match.index).split('\n').length };
}
