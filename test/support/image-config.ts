import { join } from 'node:path';
import type { ImageConfig } from '../../src/config/config.ts';

/**
 * An image of the configuration that is built in a directory, with nothing set but what the test
 * sets.
 */
export function imageIn(context: string, more: Partial<ImageConfig> = {}): ImageConfig {
  return {
    name: 'api',
    context,
    dockerfile: join(context, 'Dockerfile'),
    buildArgs: {},
    contexts: {},
    platforms: [],
    secrets: {},
    reference: 'coretest/api:dev',
    debianBases: {},
    ...more,
  };
}
