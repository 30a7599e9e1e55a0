/**
 * What `harness setup` and `harness doctor` know about a machine. Plain data: created by
 * `observe.ts`, used by `diagnose.ts` and `plan.ts`.
 */
import type { AptSource } from '../apt/sources.ts';
import type { Platform } from '../machine/platform.ts';

/** A program on the PATH. */
export interface Program {
  path: string;
  /** As the program prints it, without a leading `v`; undefined if it prints none. */
  version: string | undefined;
}

/** One of possibly several `docker` commands on the PATH, with the versions of its plugins. */
export interface DockerClient extends Program {
  buildx: string | undefined;
  compose: string | undefined;
}

/** The Docker engine at the address that Docker's own client would use. */
export type Engine =
  | {
      state: 'up';
      host: string | undefined;
      version: string;
      storageDriver: string;
      /** '1' or '2'; empty if the engine does not report it. */
      cgroupVersion: string;
      /** The directory of the engine's images, as a path on the engine's machine. */
      rootDirectory: string;
      /** Free bytes there; undefined if it is on another machine or cannot be read. */
      freeBytes: number | undefined;
    }
  | {
      state: 'down';
      /** `DOCKER_HOST` or the context's address; undefined for the default socket. */
      host: string | undefined;
      /** nothing: no engine listens on the socket. denied: this user may not use it. */
      reason: 'nothing' | 'denied' | 'other';
      message: string;
      /** Path of the engine's program or of Docker Desktop, if one is installed. */
      daemon: string | undefined;
    };

/** What apt and dpkg know, on Debian and Ubuntu. */
export interface Apt {
  sources: AptSource[];
  /** Docker's own packages (docker-ce) are installed. The distribution's conflict with them. */
  dockerCe: boolean;
}

/** Everything that setup and doctor use. */
export interface ObservedTools {
  platform: Platform;
  /** The version of the Node that runs this. */
  node: string;
  just: Program | undefined;
  git: Program | undefined;
  kind: Program | undefined;
  go: Program | undefined;
  debootstrap: Program | undefined;
  /** In the order of the PATH. A file that several links lead to is listed once. */
  dockerClients: DockerClient[];
  engine: Engine;
  apt: Apt | undefined;
}
