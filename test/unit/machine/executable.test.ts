import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findOnPath } from '../../../src/machine/executable.ts';
import { scratch } from '../../support/scratch.ts';

test('finds programs in the order of the PATH, a linked file once, and nothing that is not executable', () => {
  const directory = scratch();
  const place = (name: string, mode = 0o755) => {
    mkdirSync(join(directory, name));
    writeFileSync(join(directory, name, 'docker'), '');
    chmodSync(join(directory, name, 'docker'), mode);
    return join(directory, name);
  };
  const [first, second, text] = [place('first'), place('second'), place('text', 0o644)];
  symlinkSync(second, join(directory, 'link'));
  const PATH = [text, first, join(directory, 'absent'), second, join(directory, 'link')].join(':');
  expect(findOnPath('docker', { PATH })).toEqual([join(first, 'docker'), join(second, 'docker')]);
  expect(findOnPath('docker', {})).toEqual([]);
});
