import { join } from 'node:path';
import type { ImageConfig } from '../../src/config/config.ts';

/** The configuration of an image that is built in a directory, with defaults for the rest. */
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
    stamps: [],
    tags: [],
    extraHosts: [],
    ssh: [],
    labels: {},
    ...more,
  };
}
