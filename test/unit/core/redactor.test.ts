import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { encodingsOf } from '../../../src/core/encodings.ts';
import { HarnessError } from '../../../src/core/error.ts';
import { Redactor } from '../../../src/core/redactor.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const VALUE = `pä'ss "w$rd"/+&<x>`;

function redactorOf(...values: (string | Buffer)[]): Redactor {
  const redactor = new Redactor(['shop']);
  values.forEach((value) => redactor.learn(value));
  return redactor;
}

describe('a secret is masked', () => {
  it.each([
    ['plain', VALUE],
    ['in base64', base64(VALUE)],
    ['in base64 without padding', base64(VALUE).replace(/=+$/, '')],
    ['in base64 for URLs', Buffer.from(VALUE).toString('base64url')],
    ['in a URL', encodeURIComponent(VALUE)],
    ['in a URL, in lower case', encodeURIComponent(VALUE).replace(/%../g, (code) => code.toLowerCase())],
    ['in a form', new URLSearchParams({ a: VALUE }).toString().slice(2)],
    ['in JSON', JSON.stringify(VALUE).slice(1, -1)],
    ['in JSON within JSON', JSON.stringify(JSON.stringify(VALUE)).slice(3, -3)],
    [
      'in JSON of Go',
      JSON.stringify(VALUE).slice(1, -1).replace('&', '\\u0026').replace('<', '\\u003c').replace('>', '\\u003e'),
    ],
    ['in single quotes of a shell', VALUE.replaceAll("'", `'\\''`)],
    ['in single quotes of YAML', VALUE.replaceAll("'", "''")],
    ['in hexadecimal', Buffer.from(VALUE).toString('hex')],
  ])('%s', (_, form) => {
    expect(redactorOf(VALUE).redact(`<${form}>`)).toBe('<***>');
  });

  it('as a shell quotes it', () => {
    const quoted = execFileSync('bash', ['-c', 'printf %q "$1"', 'bash', 'pass "w$rd"'], { encoding: 'utf8' });
    expect(redactorOf('pass "w$rd"').redact(quoted)).toBe('***');
  });

  it.each(['u:', 'us:', 'use:', 'user:'])('in base64 after %j, save for the characters that it shares', (before) => {
    const seen = redactorOf('correct-horse').redact(base64(`${before}correct-horse`));
    expect(seen).toMatch(/^.{2,8}\*\*\*.{0,4}$/);
  });

  it('line by line if it has several, and whole', () => {
    const redactor = redactorOf('-----BEGIN\nfirst line\nsecond line\n-----END\n');
    expect(redactor.redact('  second line')).toBe('  ***');
    expect(redactor.redact('-----BEGIN\nfirst line\nsecond line\n-----END\n')).toBe('***');
  });

  it('if it consists of bytes that are no text', () => {
    const bytes = Buffer.from([0, 255, 254, 10, 3, 200]);
    expect(redactorOf(bytes).redact(`${bytes.toString('base64')} ${bytes.toString('hex')}`)).toBe('*** ***');
  });

  it('in all strings of an event, and in no copy that has none', () => {
    const event = { type: 'output', lines: ['a correct-horse', 1, null], more: { next: 'correct-horse' } };
    const masked = { type: 'output', lines: ['a ***', 1, null], more: { next: '***' } };
    expect(redactorOf('correct-horse').redactAll(event)).toEqual(masked);
    expect(redactorOf().redactAll(event)).toBe(event);
  });
});

it('masks all texts of an error and of its causes, in place', () => {
  const cause = new Error('denied for correct-horse');
  const error = new HarnessError('DEPLOY', 'not correct-horse', { detail: 'a correct-horse', next: 'try', cause });
  expect(redactorOf('correct-horse').redactError(error)).toBe(error);
  expect(error).toMatchObject({ message: 'not ***', detail: 'a ***', next: 'try' });
  expect(cause.message).toBe('denied for ***');
  expect(`${error.stack ?? ''}${cause.stack ?? ''}`).not.toContain('correct-horse');
});

describe('a value is not masked', () => {
  it.each(['abc', 'true', 'Postgres', ' shop\n', ''])(
    'if it is %j: too short, a common word, or a known name',
    (value) => {
      expect(redactorOf(value).redact(`abc true Postgres shop`)).toBe('abc true Postgres shop');
    },
  );
});

it('finds few forms of an ordinary value', () => {
  expect(encodingsOf('hunter2').length).toBeLessThan(12);
});
