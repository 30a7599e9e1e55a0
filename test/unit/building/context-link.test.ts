import { readdirSync, writeFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { contextDirectory, removeOldContexts } from '../../../src/building/context-link.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { plant, scratch } from '../../support/scratch.ts';

it('links and records of contexts that are not configured any more go', async () => {
  const root = scratch();
  const images = { 'api.v1': { context: '.', contexts: { 'docker.io/x': '.' } } };
  plant(root, { 'harness.config.json': JSON.stringify({ images }), Dockerfile: 'FROM scratch\n' });
  const config = await loadConfig(root);
  removeOldContexts(config); // nothing was built yet
  const directory = contextDirectory(config);
  plant(directory, { './': '' });
  const kept = ['api.v1.context.link-0a', 'api.v1.context.sent', 'api.v1.docker.io%2Fx.link-0b', 'notes'];
  const old = ['api.context.link-0c', 'api.context.sent', 'api.v1.other.link-0d', 'web.context.link-0e'];
  for (const name of [...kept, ...old])
    if (name.includes('link')) symlinkSync(root, join(directory, name));
    else writeFileSync(join(directory, name), '');
  removeOldContexts(config);
  expect(readdirSync(directory).sort()).toEqual(kept.sort());
});
