/**
 * What `harness setup` and `harness doctor` know about a machine: plain data, made by `observe.ts`,
 * judged by `diagnose.ts` and `plan.ts`.
 */
import type { AptSource } from '../apt/sources.ts';
import type { Platform } from '../machine/platform.ts';

/** A program that was found on the PATH. */
export interface Program {
  path: string;
  /** As the program tells it, without a leading `v`; undefined when it would not tell. */
  version: string | undefined;
}

/** One of possibly several `docker` commands on the PATH, and the plugins that it finds. */
export interface DockerClient extends Program {
  buildx: string | undefined;
  compose: string | undefined;
}

/** The Docker engine, as it answers (or not) where Docker's own client would look for it. */
export type Engine =
  | {
      state: 'up';
      host: string | undefined;
      version: string;
      storageDriver: string;
      /** '1' or '2'; empty when the engine does not say. */
      cgroupVersion: string;
      /** Where the engine keeps its images, seen from the engine. */
      rootDirectory: string;
      /**
       * Bytes left in that directory; undefined when it is on another machine or cannot be read.
       */
      freeBytes: number | undefined;
    }
  | {
      state: 'down';
      /** `DOCKER_HOST` or the context's address; undefined for the default socket. */
      host: string | undefined;
      /** nothing: no socket, or nobody listens on it. denied: this user may not use it. */
      reason: 'nothing' | 'denied' | 'other';
      message: string;
      /** Path of the engine's program (or of Docker Desktop), when it is installed. */
      daemon: string | undefined;
    };

/** What Debian's package tools know; undefined on every other system. */
export interface Apt {
  sources: AptSource[];
  /**
   * Docker's own packages (docker-ce) are installed: the distribution's packages conflict with
   * them.
   */
  dockerCe: boolean;
}

/** Everything that setup and doctor look at. */
export interface ObservedTools {
  platform: Platform;
  /** The version of the Node that runs this. */
  node: string;
  just: Program | undefined;
  git: Program | undefined;
  kind: Program | undefined;
  go: Program | undefined;
  debootstrap: Program | undefined;
  /** In the order of the PATH; a file that is found under several names stands here once. */
  dockerClients: DockerClient[];
  engine: Engine;
  apt: Apt | undefined;
}
