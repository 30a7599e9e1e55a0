import { expect, it } from 'vitest';
import { containerLogText } from '../../../src/kubernetes/container-log.ts';

it.each([
  'unable to retrieve container logs for containerd://525dfb5799d2',
  'failed to try resolving symlinks in path "/var/log/pods/a/c/1.log": lstat /var/log/pods/a/c/1.log: no such file or directory\n',
])('an error of the kubelet is not a log: %s', (text) => {
  expect(containerLogText(text)).toBe('');
});

it('any other text is a log', () => {
  const log = 'first\nunable to retrieve container logs for x\n';
  expect(containerLogText(log)).toBe(log);
});
