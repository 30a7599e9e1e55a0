import type { BuildRequest } from '../../src/docker/buildx.ts';

/** A build with nothing asked of it but what the test asks. */
export const PLAIN_BUILD: Omit<BuildRequest, 'context' | 'dockerfile' | 'reference'> = {
  source: 'Dockerfile',
  contextSource: '.',
  buildArgs: {},
  hiddenArgs: {},
  platforms: [],
  secrets: [],
  labels: {},
  contexts: {},
  noCache: false,
  env: process.env,
};
