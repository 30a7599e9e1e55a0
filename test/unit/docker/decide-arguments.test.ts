import { expect, it } from 'vitest';
import { decideArguments } from '../../../src/docker/decide-arguments.ts';

const env = { PATH: '/bin', https_proxy: 'http://proxy', VERSION: 'of the shell' };

it.each<[string, Record<string, string>, string[], ReturnType<typeof decideArguments>]>([
  [
    'written in the configuration',
    { A: '1', PATH: '/x' },
    [],
    { shown: { A: '1', PATH: '/x' }, hidden: {}, refused: [] },
  ],
  ['from a variable', { A: '1' }, ['A'], { shown: {}, hidden: { A: '1' }, refused: [] }],
  [
    'from a variable, with the name of another one',
    { VERSION: 'other' },
    ['VERSION'],
    { shown: {}, hidden: { VERSION: 'other' }, refused: [] },
  ],
  [
    'from the variable of its name that the client reads',
    { https_proxy: 'http://proxy' },
    ['https_proxy'],
    { shown: {}, hidden: { https_proxy: 'http://proxy' }, refused: [] },
  ],
  [
    'from another variable than the one that the client reads',
    { PATH: '/x', https_proxy: 'http://user:secret@proxy', DOCKER_HOST: 'x' },
    ['PATH', 'https_proxy', 'DOCKER_HOST'],
    { shown: {}, hidden: {}, refused: ['PATH', 'https_proxy', 'DOCKER_HOST'] },
  ],
])('an argument %s never shows the value of a variable', (_, args, fromEnvironment, expected) => {
  expect(decideArguments(args, fromEnvironment, env)).toEqual(expected);
});
