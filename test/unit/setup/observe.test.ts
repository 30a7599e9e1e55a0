import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { observeTools } from '../../../src/setup/observe.ts';
import { plant, scratch } from '../../support/scratch.ts';

it('an interruption ends the wait for a tool that does not answer', async () => {
  const directory = scratch();
  plant(directory, { kind: `#!/bin/sh\ntouch ${directory}/asked\nexec sleep 15\n` });
  chmodSync(join(directory, 'kind'), 0o755);
  vi.stubEnv('PATH', `${directory}:${process.env['PATH'] ?? ''}`);
  const controller = new AbortController();
  const observed = observeTools(process.env, controller.signal);
  await vi.waitFor(() => expect(() => chmodSync(join(directory, 'asked'), 0o644)).not.toThrow(), 10_000);
  controller.abort();
  await expect(observed).rejects.toMatchObject({ code: 'INTERRUPTED' });
  vi.unstubAllEnvs();
});
