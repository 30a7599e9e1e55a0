import { expect, test } from 'vitest';
import type { Event } from '../../src/core/event.ts';
import { bestClient } from '../../src/setup/needs.ts';
import { observeTools } from '../../src/setup/observe.ts';
import { doctor, setup } from '../../src/setup/setup.ts';

test('on this machine the engine answers and a client has buildx', async () => {
  const tools = await observeTools(process.env);
  expect(tools.engine).toMatchObject({ state: 'up', version: expect.stringMatching(/^\d+\.\d+/) });
  expect(bestClient(tools.dockerClients)).toMatchObject({ buildx: expect.stringMatching(/^\d/) });
  expect(tools.kind?.version).toMatch(/^\d+\.\d+\.\d+$/);
});

test('setup does nothing if nothing is missing, and reports that', async () => {
  const events: Event[] = [];
  const result = await setup({ emit: (event) => events.push(event), env: process.env });
  expect(result).toMatchObject({ changed: false, plan: { why: [], commands: [], files: [] } });
  expect(events.at(-1)).toMatchObject({
    type: 'step',
    state: 'skipped',
    title: expect.stringContaining('Tools are installed: Docker'),
  });
});

test('an engine at an address of the user that does not answer is reported and not started', async () => {
  const env = { ...process.env, DOCKER_HOST: 'unix:///nowhere/docker.sock' };
  expect((await observeTools(env)).engine).toMatchObject({
    state: 'down',
    reason: 'nothing',
    host: 'unix:///nowhere/docker.sock',
  });
  expect((await doctor(env)).ok).toBe(false);
  await expect(setup({ emit: () => undefined, env })).rejects.toMatchObject({
    code: 'DOCKER_DOWN',
    next: expect.stringContaining('unix:///nowhere/docker.sock'),
  });
});

test('on a machine without tools, a dry run reports the plan and changes nothing', async () => {
  const notes: string[] = [];
  const emit = (event: Event) => event.type === 'note' && notes.push(event.message);
  const result = await setup({ emit, env: { ...process.env, PATH: '/nowhere' }, dryRun: true });
  expect(result.changed).toBe(false);
  expect(result.plan.why).toContain('kind is not installed; it creates the cluster.');
  expect(notes).toEqual(expect.arrayContaining(result.plan.why));
});
