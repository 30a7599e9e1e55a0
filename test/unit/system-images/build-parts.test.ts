import { describe, expect, it } from 'vitest';
import { HarnessError } from '../../../src/core/error.ts';
import { buildStep, dockerBuildCommand } from '../../../src/system-images/docker-build.ts';
import { nodeImageFailure } from '../../../src/system-images/failure.ts';
import { isNewEnough } from '../../../src/system-images/go.ts';

describe('the Docker build', () => {
  it('of the packages produces no image and needs no programs', () => {
    const command = dockerBuildCommand('docker', { debian: 'debian:x', stage: 'packages', digest: 'd' });
    expect(command).toContain('--output=type=cacheonly');
    expect(command.join(' ')).not.toContain('programs=');
  });

  it('of the node labels the image with the digest of its recipe', () => {
    const command = dockerBuildCommand('docker', {
      debian: 'debian:x',
      stage: 'node',
      programs: '/p',
      reference: 'r:1',
      digest: 'd',
    });
    expect(command).toEqual(
      expect.arrayContaining(['--label=kind-harness.recipe=d', '--tag=r:1', '--build-context=programs=/p']),
    );
  });

  it.each([
    ['#12 [packages 2/2] RUN set -eu;     apt-get update', 'packages 2/2 RUN'],
    ['#5 2.783 Unpacking busybox-static (1:1.35.0-4) ...', 'unpacking busybox-static'],
    ['#5 2.783 Setting up dbus (1.14) ...', 'setting up dbus'],
    ['#18 exporting layers 0.8s done', 'exporting layers'],
    ['#5 1.388 Reading package lists...', undefined],
  ])('reports its current step: %s', (line, detail) => {
    expect(buildStep(line)).toBe(detail);
  });
});

describe('Go', () => {
  it.each([
    ['go version go1.26.8 linux/amd64', true],
    ['go version go1.21.0 linux/amd64', true],
    ['go version go1.19.8 linux/amd64', false],
    ['', false],
  ])('%j is new enough: %s', (line, answer) => {
    expect(isNewEnough(line)).toBe(answer);
  });
});

describe('a failure', () => {
  const detail = 'write /x: no space left on device';

  it('with a full disk becomes DISK_FULL', () => {
    expect(nodeImageFailure(new HarnessError('NODE_IMAGE', 'failed', { detail }), 'It')).toMatchObject({
      code: 'DISK_FULL',
    });
    expect(
      nodeImageFailure(Object.assign(new Error('ENOSPC: no space left on device, mkdir'), {}), 'It'),
    ).toMatchObject({
      code: 'DISK_FULL',
    });
  });

  it('of another kind becomes NODE_IMAGE and keeps its details', () => {
    const error = nodeImageFailure(
      new HarnessError('TOOL_MISSING', 'no docker', { detail: 'lines', next: 'install it' }),
      'It failed',
    );
    expect(error).toMatchObject({
      code: 'NODE_IMAGE',
      message: 'It failed: no docker',
      detail: 'lines',
      next: 'install it',
    });
  });

  it('by interruption stays an interruption', () => {
    const interrupted = new HarnessError('INTERRUPTED', 'stopped');
    expect(nodeImageFailure(interrupted, 'It')).toBe(interrupted);
  });
});
