import { existsSync } from 'node:fs';
import { isIP } from 'node:net';
import { homedir } from 'node:os';
import { resolve } from 'node:path';

/** How a build's steps run, and what the user puts on the image. */
export interface StepSettings {
  /** The network of each `RUN`; undefined for BuildKit's own. */
  network?: 'none' | 'host' | undefined;
  /** Entries for `/etc/hosts` of each `RUN`, in the form `name:address`. */
  extraHosts: string[];
  /** The size of `/dev/shm` in each `RUN`, such as `64m`. */
  shmSize?: string | undefined;
  /** What `RUN --mount=type=ssh` may use. */
  ssh: SshAccess[];
  /** Labels of the user's own. */
  labels: Record<string, string>;
}

/** An agent or keys that a build may use. */
export interface SshAccess {
  /** As a `RUN` names it; `default` for those that name none. */
  id: string;
  /** A socket or files of keys; empty for the agent of `SSH_AUTH_SOCK`. */
  paths: string[];
}

/** As in the configuration. */
export interface RawStepSettings {
  network?: 'none' | 'host' | 'default';
  extraHosts?: string[];
  shmSize?: number | string;
  ssh?: string[];
  labels?: Record<string, string | number | boolean>;
}

/** Where a problem of the configuration is, and what was expected there. */
interface Problem {
  path: string;
  message: string;
}

/** Host names of the harness's own, which become part of BuildKit's cache key. */
const OWN_HOSTS = /(^|\.)kind-harness\.invalid\.?$/i;

/** Labels of the harness's own. */
const OWN_LABELS = /^(dev\.)?kind-harness\./;

/**
 * The settings of an image's steps. Relative paths start at the configuration's directory.
 * @param stamped the names of labels that are facts
 */
export function resolveStepSettings(
  raw: RawStepSettings,
  stamped: readonly string[],
  root: string,
  place: string,
  problems: Problem[],
): StepSettings {
  for (const name of Object.keys(raw.labels ?? {})) {
    const path = `${place}.labels.${name}`;
    if (OWN_LABELS.test(name))
      problems.push({ path, message: 'expected another label: these are those of the harness itself' });
    if (stamped.includes(name))
      problems.push({ path, message: `expected a name of its own, found that of \`stamps.${name}\`` });
  }
  const ids = (raw.ssh ?? []).map((value) => value.replace(/=[^]*$/, ''));
  for (const [index, id] of ids.entries())
    if (ids.indexOf(id) !== index)
      problems.push({ path: `${place}.ssh[${index}]`, message: `expected each id once, found \`${id}\` twice` });
  return {
    network: raw.network === 'default' ? undefined : raw.network,
    extraHosts: (raw.extraHosts ?? []).map((entry, index) =>
      resolveHost(entry, `${place}.extraHosts[${index}]`, problems),
    ),
    shmSize: raw.shmSize === undefined ? undefined : String(raw.shmSize),
    ssh: (raw.ssh ?? []).map((value, index) => ({ id: ids[index] ?? '', paths: pathsOf(value, root) })),
    labels: Object.fromEntries(Object.entries(raw.labels ?? {}).map(([name, value]) => [name, String(value)])),
  };
}

/** As compose and buildx read it: `name:address` or `name=address`, an IPv6 address also in brackets. */
function resolveHost(entry: string, path: string, problems: Problem[]): string {
  const [, name = '', given = ''] = /^([^\s:=,]+)[:=](\S+)$/.exec(entry) ?? [];
  const address = given.replace(/^\[(.*)\]$/, '$1');
  if (OWN_HOSTS.test(name))
    problems.push({ path, message: 'expected another host name: these are those of the harness itself' });
  else if (address !== 'host-gateway' && isIP(address) === 0)
    problems.push({ path, message: 'expected a host such as `db:10.0.0.5` or `proxy:host-gateway`' });
  return `${name}:${address}`;
}

function pathsOf(value: string, root: string): string[] {
  const [, list = ''] = /=([^]*)$/.exec(value) ?? [];
  const paths = list.split(',').filter((path) => path !== '');
  return paths.map((path) => (path.startsWith('~/') ? resolve(homedir(), path.slice(2)) : resolve(root, path)));
}

/**
 * The part of these settings that can change an image, by name, for the inputs digest. What is not
 * set is not in it. Where an agent listens is no input, only that one is there under an id.
 */
export function countedSettings({ network, extraHosts, shmSize, ssh, labels }: StepSettings): Record<string, string> {
  const ids = ssh.map(({ id }) => id).sort();
  return {
    ...(network === undefined ? {} : { network }),
    ...(extraHosts.length === 0 ? {} : { 'extra hosts': extraHosts.join(', ') }),
    ...(shmSize === undefined ? {} : { 'size of /dev/shm': shmSize }),
    ...(ids.length === 0 ? {} : { ssh: ids.join(', ') }),
    ...Object.fromEntries(Object.entries(labels).map(([name, value]) => [`label ${name}`, value])),
  };
}

/** What a build cannot get at, for a message. */
export function missingSsh(ssh: readonly SshAccess[], env: NodeJS.ProcessEnv): string[] {
  return ssh.flatMap(({ id, paths }) => {
    if (paths.length === 0) return env['SSH_AUTH_SOCK'] ? [] : [`${id} (the variable SSH_AUTH_SOCK is not set)`];
    return paths.filter((path) => !existsSync(path)).map((path) => `${id} (nothing is at ${path})`);
  });
}

/** As `docker buildx build --ssh` takes it. */
export function sshArgument({ id, paths }: SshAccess): string {
  return paths.length === 0 ? id : `${id}=${paths.join(',')}`;
}
