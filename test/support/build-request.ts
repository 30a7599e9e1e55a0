import type { BuildRequest } from '../../src/docker/buildx.ts';

/** The defaults of a build request. A test adds what it needs. */
export const PLAIN_BUILD: Omit<BuildRequest, 'context' | 'dockerfile' | 'reference'> = {
  source: 'Dockerfile',
  contextSource: '.',
  buildArgs: {},
  hiddenArgs: {},
  platforms: [],
  secrets: [],
  hosts: [],
  extraHosts: [],
  ssh: [],
  labels: {},
  contexts: {},
  noCache: false,
  env: process.env,
};
